#!lua
-- ARGV: prefix, incarnation, key, execution, sum, body.
if redis.call('HGET', ARGV[1] .. 'meta', 'incarnation') ~= ARGV[2] then
  return { 'back' }
end
redis.call('HSET', ARGV[3], ARGV[5], ARGV[6])
redis.call('ZADD', ARGV[1] .. 'owners', 0, ARGV[4])
return { 'ok' }
