#!lua flags=no-writes
-- ARGV: prefix, incarnation, namespace, what: ids newest first (REV) or oldest first (no word), or how many (COUNT);
-- first and last id, limit, number of workflows, workflows..., statuses... (none of them: all). Gives for every pair of
-- workflow and status that it chose the pair and the answer, all of one moment.
local a, call, out = ARGV, redis.call, { 'ok' }
local prefix, ns, what, lo, hi = a[1], a[3], a[4], '[' .. a[5], '[' .. a[6]
if call('HGET', prefix .. 'meta', 'incarnation') ~= a[2] then
  return { 'back' }
end
local workflows, statuses, n = {}, {}, tonumber(a[8])
for i = 9, 8 + n do
  workflows[a[i]] = true
end
for i = 9 + n, #a do
  statuses[a[i]] = true
end
local any_workflow, any_status = n == 0, #a < 9 + n
for _, pair in ipairs(call('SMEMBERS', prefix .. 'x:' .. ns)) do
  local size, rest = pair:match('^(%d+):(.*)$')
  size = tonumber(size)
  if (any_workflow or workflows[rest:sub(1, size)]) and (any_status or statuses[rest:sub(size + 2)]) then
    local name = prefix .. 'xw:' .. #ns .. ':' .. ns .. ':' .. pair
    out[#out + 1] = pair
    if what == 'COUNT' then
      out[#out + 1] = call('ZLEXCOUNT', name, lo, hi)
    elseif what == 'REV' then
      out[#out + 1] = call('ZRANGE', name, hi, lo, 'BYLEX', 'REV', 'LIMIT', 0, a[7])
    else
      out[#out + 1] = call('ZRANGE', name, lo, hi, 'BYLEX', 'LIMIT', 0, a[7])
    end
  end
end
return out
