#!lua
-- ARGV: prefix, incarnation, verb, namespace, workflow, version, field of the version, then
-- put: hash, what is known of it, body with source, whether to move, from; activate: from; retire: whether.
local a, call = ARGV, redis.call
local prefix, verb, ns, workflow, version, field = a[1], a[3], a[4], a[5], a[6], a[7]
if call('HGET', prefix .. 'meta', 'incarnation') ~= a[2] then
  return { 'back' }
end
local active = call('HGET', prefix .. 'va:' .. ns, workflow) or ''
local hash = call('HGET', prefix .. 'vh:' .. ns, field)
if verb ~= 'put' and not hash then
  return { 'ok', 'missing' }
end

if verb == 'put' then
  if hash and hash ~= a[8] then
    return { 'ok', 'exists' }
  end
  if a[11] == 'true' and active ~= a[12] then
    return { 'ok', 'moved', active }
  end
  if not hash then
    call('SADD', prefix .. 'vn', ns)
    call('HSET', prefix .. 'vh:' .. ns, field, a[8])
    call('HSET', prefix .. 'v:' .. ns, field, a[9])
    call('HSET', prefix .. 'vb:' .. ns, field, a[10])
  end
  if a[11] == 'true' then
    call('HSET', prefix .. 'va:' .. ns, workflow, version)
  end
elseif verb == 'activate' then
  if active ~= a[8] then
    return { 'ok', 'moved', active }
  end
  call('HSET', prefix .. 'va:' .. ns, workflow, version)
elseif a[8] == 'true' then
  call('SADD', prefix .. 'vr:' .. ns, field)
else
  call('SREM', prefix .. 'vr:' .. ns, field)
end
return { 'ok', 'done' }
