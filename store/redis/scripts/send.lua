#!lua
-- ARGV: prefix, incarnation, then per message: shard, id, namespace, value. One that waits already stays as it is.
local a, call = ARGV, redis.call
local prefix = a[1]
if call('HGET', prefix .. 'meta', 'incarnation') ~= a[2] then
  return { 'back' }
end
for i = 3, #a, 4 do
  local shard, id, ns = a[i], a[i + 1], a[i + 2]
  if call('HSETNX', prefix .. 'b:' .. shard, id, ns) == 1 then
    call('HSET', prefix .. 'm:' .. shard, id, a[i + 3])
    call('ZADD', prefix .. 'q:' .. shard .. ':' .. ns, call('HINCRBY', prefix .. 'count', 'arrived', 1), id)
    call('SADD', prefix .. 'w:' .. shard, ns)
  end
end
return { 'ok' }
