#!lua flags=no-writes
-- ARGV: prefix, incarnation, keys of journal, last and trims, field, first entry wanted (8 bytes), how many (at most
-- 5,000). Gives the number of the first and the entries.
local a, call = ARGV, redis.call
if call('HGET', a[1] .. 'meta', 'incarnation') ~= a[2] then
  return { 'back' }
end
local last = call('HGET', a[4], a[6])
if not last then
  return { 'ok' }
end
local from = math.max((struct.unpack('>I8', a[7])), tonumber(call('HGET', a[5], a[6]) or 0) + 1)
local to = math.min((struct.unpack('>I8', last)), from + tonumber(a[8]) - 1)
local fields = {}
for seq = from, to do
  fields[#fields + 1] = a[6] .. struct.pack('>I8', seq)
end
if #fields == 0 then
  return { 'ok' }
end
return { 'ok', string.format('%.0f', from), call('HMGET', a[3], unpack(fields)) }
