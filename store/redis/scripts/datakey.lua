#!lua
-- ARGV: prefix, incarnation, verb, id (8 bytes), then add: what wraps it, wrapped, time and namespace; rewrap: what wraps it,
-- what shall, wrapped. A key is one row of kw: (what wraps it), kv: (wrapped) and kn: (time and namespace).
local a, call = ARGV, redis.call
local prefix, verb, id = a[1], a[3], a[4]
if call('HGET', prefix .. 'meta', 'incarnation') ~= a[2] then
  return { 'back' }
end
local kek = call('HGET', prefix .. 'kw', id)
if verb == 'add' then
  if kek then
    return { 'ok', 'exists' }
  end
  call('HSET', prefix .. 'kw', id, a[5])
  call('HSET', prefix .. 'kv', id, a[6])
  call('HSET', prefix .. 'kn', id, a[7])
  call('ZADD', prefix .. 'ki', 0, id)
  call('SADD', prefix .. 'ks:' .. a[7]:sub(9), id)
  return { 'ok', 'done' }
end
if not kek then
  return { 'ok', 'missing' }
end
if kek ~= a[5] then
  return { 'ok', 'moved' }
end
call('HSET', prefix .. 'kw', id, a[6])
call('HSET', prefix .. 'kv', id, a[7])
return { 'ok', 'done' }
