#!lua flags=no-writes
-- ARGV: prefix, incarnation, whether snapshots are wanted, then per execution its keys of journal, last, trims, heads
-- and snapshots, and its field. Gives each as head, snapshot, number of the first entry, entries; or as nothing.
local a, call, out = ARGV, redis.call, { 'ok' }
if call('HGET', a[1] .. 'meta', 'incarnation') ~= a[2] then
  return { 'back' }
end

local function entries(list, journal, field, from, to)
  while from <= to do
    local fields, upto = {}, math.min(from + 999, to)
    for seq = from, upto do
      fields[#fields + 1] = field .. struct.pack('>I8', seq)
    end
    local some = call('HMGET', journal, unpack(fields))
    for i = 1, #some do
      list[#list + 1] = some[i]
    end
    from = upto + 1
  end
end

for i = 4, #a, 6 do
  local field, one = a[i + 5], {}
  local last = call('HGET', a[i + 1], field)
  if last then
    local gone = tonumber(call('HGET', a[i + 2], field) or 0)
    local snapshot = a[3] == 'true' and call('HGET', a[i + 4], field) or false
    if snapshot then
      gone = math.max(gone, (struct.unpack('>I8', snapshot)))
    end
    one = { call('HGET', a[i + 3], field), snapshot or '', string.format('%.0f', gone + 1) }
    entries(one, a[i], field, gone + 1, (struct.unpack('>I8', last)))
  end
  out[#out + 1] = one
end
return out
