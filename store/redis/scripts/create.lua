#!lua flags=allow-oom
-- ARGV: prefix, a fresh incarnation, layout, shards, whether the store was restored, names of the shards. Makes the
-- store where there is none; gives incarnation, layout and shards.
local prefix, meta = ARGV[1], ARGV[1] .. 'meta'
local at = redis.call('HMGET', meta, 'incarnation', 'layout', 'shards')
if not at[1] then
  if redis.call('EXISTS', prefix .. 'shards') == 1 then
    return { 'broken' }
  end
  redis.call('HSET', meta, 'incarnation', ARGV[2], 'layout', ARGV[3], 'shards', ARGV[4])
  for i = 6, #ARGV do
    redis.call('HSET', prefix .. 'shards', ARGV[i], string.rep('\0', 24))
  end
  return { ARGV[2], ARGV[3], ARGV[4] }
end
if ARGV[5] == 'true' and at[2] == ARGV[3] then
  redis.call('HSET', meta, 'incarnation', ARGV[2])
  at[1] = ARGV[2]
end
return at
