#!lua flags=no-writes
-- ARGV: prefix, incarnation, then commands that read, each with the number of its words before it. All of one moment.
local a, out = ARGV, { 'ok' }
if redis.call('HGET', a[1] .. 'meta', 'incarnation') ~= a[2] then
  return { 'back' }
end
local i, n = 3, #a
while i <= n do
  local words = tonumber(a[i])
  out[#out + 1] = redis.call(unpack(a, i + 1, i + words))
  i = i + 1 + words
end
return out
