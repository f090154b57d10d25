#!lua flags=no-writes
-- ARGV: prefix, incarnation, number of shards. Gives the shards in which messages wait, ascending.
local a, call, out = ARGV, redis.call, { 'ok' }
if call('HGET', a[1] .. 'meta', 'incarnation') ~= a[2] then
  return { 'back' }
end
for shard = 0, tonumber(a[3]) - 1 do
  if call('EXISTS', a[1] .. 'w:' .. shard) == 1 then
    out[#out + 1] = tostring(shard)
  end
end
return out
