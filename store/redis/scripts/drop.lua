#!lua flags=allow-oom
-- ARGV: prefix, incarnation, key of the blobs of an execution, execution. They go.
if redis.call('HGET', ARGV[1] .. 'meta', 'incarnation') ~= ARGV[2] then
  return { 'back' }
end
redis.call('UNLINK', ARGV[3])
redis.call('ZREM', ARGV[1] .. 'owners', ARGV[4])
return { 'ok' }
