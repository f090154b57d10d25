#!lua
-- ARGV: prefix, incarnation, key, sum, body.
if redis.call('HGET', ARGV[1] .. 'meta', 'incarnation') ~= ARGV[2] then
  return { 'back' }
end
redis.call('HSET', ARGV[3], ARGV[4], ARGV[5])
return { 'ok' }
