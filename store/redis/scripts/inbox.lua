#!lua flags=no-writes
-- ARGV: prefix, incarnation, shard, limit. Gives namespace, id and value of messages: one of each namespace in turn, the
-- one that waits longest first.
local a, call, out = ARGV, redis.call, { 'ok' }
local prefix, shard, limit = a[1], a[3], tonumber(a[4])
if call('HGET', prefix .. 'meta', 'incarnation') ~= a[2] then
  return { 'back' }
end

local lines = {}
for _, ns in ipairs(call('SMEMBERS', prefix .. 'w:' .. shard)) do
  local key = prefix .. 'q:' .. shard .. ':' .. ns
  local first = call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if first[1] then
    lines[#lines + 1] = { ns = ns, key = key, first = tonumber(first[2]), ids = {} }
  end
end
table.sort(lines, function(x, y) return x.first < y.first end)

-- Equal shares of what is left, until it is used up or every line is drained.
local left, open = limit, lines
while left > 0 and #open > 0 do
  local each, rest = math.max(1, math.floor(left / #open)), {}
  for _, line in ipairs(open) do
    local n = math.min(each, left)
    if n > 0 then
      local some = call('ZRANGE', line.key, #line.ids, #line.ids + n - 1)
      for i = 1, #some do
        line.ids[#line.ids + 1] = some[i]
      end
      left = left - #some
      if #some == n then
        rest[#rest + 1] = line
      end
    end
  end
  open = rest
end

local turn, found = 1, true
while found do
  found = false
  for _, line in ipairs(lines) do
    local id = line.ids[turn]
    if id then
      found = true
      out[#out + 1] = line.ns
      out[#out + 1] = id
      out[#out + 1] = call('HGET', prefix .. 'm:' .. shard, id)
    end
  end
  turn = turn + 1
end
return out
