#!lua flags=allow-oom
-- ARGV: prefix, incarnation, shard, owner, row seen, row to be. A claim of one's own shard gives its row.
local prefix = ARGV[1]
if redis.call('HGET', prefix .. 'meta', 'incarnation') ~= ARGV[2] then
  return { 'back' }
end
local row = redis.call('HGET', prefix .. 'shards', ARGV[3]) or ''
if row:sub(9) == ARGV[4] then
  return { 'ok', 'held', row }
end
if row ~= ARGV[5] then
  return { 'ok', 'claimed', row }
end
redis.call('HSET', prefix .. 'shards', ARGV[3], ARGV[6])
return { 'ok', 'held', ARGV[6] }
