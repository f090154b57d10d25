#!lua flags=allow-oom
-- ARGV: prefix, incarnation, owner, count and address. Everybody's comes back, and the server's time.
local prefix = ARGV[1]
if redis.call('HGET', prefix .. 'meta', 'incarnation') ~= ARGV[2] then
  return { 'back' }
end
redis.call('HSET', prefix .. 'members', ARGV[3], ARGV[4])
local now = redis.call('TIME')
redis.call('ZADD', prefix .. 'beaten', now[1], ARGV[3])
return { 'ok', now[1] * 1000 + math.floor(now[2] / 1000), redis.call('HGETALL', prefix .. 'members') }
