#!lua flags=allow-oom
-- ARGV: prefix, incarnation, how many lanes may stay. Forgets the oldest lanes, and members, of processes that own no
-- shard and have not been heard of for a day.
local prefix, call = ARGV[1], redis.call
if call('HGET', prefix .. 'meta', 'incarnation') ~= ARGV[2] then
  return { 'back' }
end
local day = call('TIME')[1] - 86400
local alive = {}
for _, row in ipairs(call('HVALS', prefix .. 'shards')) do
  alive[row:sub(9)] = true
end
for _, owner in ipairs(call('ZRANGE', prefix .. 'beaten', '(' .. day, '+inf', 'BYSCORE')) do
  alive[owner] = true
end
local spare = call('HLEN', prefix .. 'lanes') - tonumber(ARGV[3])
if spare > 0 then
  for _, lane in ipairs(call('ZRANGE', prefix .. 'opened', '-inf', day, 'BYSCORE', 'LIMIT', 0, spare)) do
    if not alive[lane:sub(1, 16)] then
      call('HDEL', prefix .. 'lanes', lane)
      call('ZREM', prefix .. 'opened', lane)
    end
  end
end
for _, owner in ipairs(call('ZRANGE', prefix .. 'beaten', '-inf', day, 'BYSCORE')) do
  if not alive[owner] then
    call('HDEL', prefix .. 'members', owner)
    call('ZREM', prefix .. 'beaten', owner)
  end
end
return { 'ok' }
