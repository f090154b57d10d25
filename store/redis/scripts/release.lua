#!lua flags=allow-oom
-- ARGV: prefix, incarnation, then per fence: shard, row that must be, row to be.
local prefix = ARGV[1]
if redis.call('HGET', prefix .. 'meta', 'incarnation') ~= ARGV[2] then
  return { 'back' }
end
for i = 3, #ARGV, 3 do
  if redis.call('HGET', prefix .. 'shards', ARGV[i]) == ARGV[i + 1] then
    redis.call('HSET', prefix .. 'shards', ARGV[i], ARGV[i + 2])
  end
end
return { 'ok' }
