#!lua
-- One commit, or (mode r) a look at what one would meet. First lane, fences and what the batch rests on; nothing is
-- written before all of it held. ARGV: prefix, incarnation, mode, lane, number before (8 bytes), lane row to be
-- (16 bytes), fences: count, shards..., rows..., groups: count, then per group: kind, words, wants, command...,
-- wanted..., and operations up to the end: name, words, word...
local a, call = ARGV, redis.call
local prefix = a[1]

if call('HGET', prefix .. 'meta', 'incarnation') ~= a[2] then
  return { 'back' }
end
local row = call('HGET', prefix .. 'lanes', a[4])
if (row and row:sub(1, 8) or '\0\0\0\0\0\0\0\0') ~= a[5] then
  return { 'lane', row or '' }
end

local n = tonumber(a[7])
local i = 8 + 2 * n
if n > 0 then
  local rows = call('HMGET', prefix .. 'shards', unpack(a, 8, 7 + n))
  for j = 1, n do
    if rows[j] ~= a[7 + n + j] then
      return { 'fence', rows }
    end
  end
end

-- A want is - (nothing is there), + (something is), * (whatever), or the value itself; of kind p its first 16 bytes.
local facts, bad = {}, a[3] == 'r'
n = tonumber(a[i])
i = i + 1
for g = 1, n do
  local kind, words, wants = a[i], tonumber(a[i + 1]), tonumber(a[i + 2])
  i = i + 3
  local got = call(unpack(a, i, i + words - 1))
  i = i + words
  facts[g] = got
  for j = 1, wants do
    local have, want = got[j], a[i + j - 1]
    if have ~= want and want ~= '*' then
      if have and kind == 'p' then
        have = have:sub(1, 16)
      end
      if have ~= want and not (have and want == '+') and not (not have and want == '-') then
        bad = true
      end
    end
  end
  i = i + wants
end
if bad then
  return { 'facts', facts }
end

-- From here on nothing can fail. The first write is one that Redis refuses when it has no memory left.
call('HSET', prefix .. 'lanes', a[4], a[6])
if not row then
  call('ZADD', prefix .. 'opened', call('TIME')[1], a[4])
end

local u16 = function(s, at) return s:byte(at) * 256 + s:byte(at + 1) end
local due, index = prefix .. 'due', prefix .. 'x'
local adds, removes, pairs_of = {}, {}, {}

local function into(lists, name, member)
  local list = lists[name]
  if not list then
    list = {}
    lists[name] = list
  end
  list[#list + 1] = member
end

-- A head begins with what finds it: 10 bytes of due, then namespace, pair of workflow and status, and other places,
-- each with its length in two bytes.
local function places(v)
  local ns = u16(v, 11)
  local at = 13 + ns
  local pair = u16(v, at)
  local rest = u16(v, at + 2 + pair)
  return v:sub(13, 12 + ns), v:sub(at + 2, at + 1 + pair), v:sub(at + 4 + pair, at + 3 + pair + rest)
end

local function others(lists, rest, id)
  local at = 1
  while at <= #rest do
    local name = u16(rest, at)
    local member = u16(rest, at + 2 + name)
    into(lists, index .. rest:sub(at + 2, at + 1 + name), rest:sub(at + 4 + name, at + 3 + name + member) .. id)
    at = at + 4 + name + member
  end
end

local never = '\255\255\255\255\255\255\255\255'

local function reindex(id, old, new)
  local was, is = old and old:sub(1, 10), new and new:sub(1, 10)
  if was ~= is then
    if was and was:sub(3) ~= never then into(removes, due, was .. id) end
    if is and is:sub(3) ~= never then into(adds, due, is .. id) end
  end
  local ns0, pair0, rest0, ns1, pair1, rest1
  if old then ns0, pair0, rest0 = places(old) end
  if new then ns1, pair1, rest1 = places(new) end
  if ns0 ~= ns1 or pair0 ~= pair1 then
    if old then
      local name = index .. 'w:' .. #ns0 .. ':' .. ns0 .. ':' .. pair0
      into(removes, name, id)
      pairs_of[name] = { index .. ':' .. ns0, pair0, ns0 }
    end
    if new then
      local name = index .. 'w:' .. #ns1 .. ':' .. ns1 .. ':' .. pair1
      into(adds, name, id)
      pairs_of[name] = { index .. ':' .. ns1, pair1, ns1 }
    end
  end
  if rest0 ~= rest1 then
    if old then others(removes, rest0, id) end
    if new then others(adds, rest1, id) end
  end
end

local ops = {}

-- c: a command as it stands.
function ops.c(at, words)
  call(unpack(a, at, at + words - 1))
end

-- h: heads of one bucket: its key, its group of old ones (0: none), then field, place in the group, id, value.
function ops.h(at, words)
  local old, list = facts[tonumber(a[at + 1])], {}
  for j = at + 2, at + words - 1, 4 do
    reindex(a[j + 2], old and old[tonumber(a[j + 1])], a[j + 3])
    list[#list + 1] = a[j]
    list[#list + 1] = a[j + 3]
  end
  call('HSET', a[at], unpack(list))
end

-- f: a head that goes: its group, place in it, id.
function ops.f(at)
  reindex(a[at + 2], facts[tonumber(a[at])][tonumber(a[at + 1])], false)
end

-- b: a bucket of which executions went: its key of last entries, its name.
function ops.b(at)
  if call('EXISTS', a[at]) == 0 then
    call('ZREM', prefix .. 'buckets', a[at + 1])
  end
end

-- r: trim: keys of journal, trims and snapshots, field, entry before which all go.
function ops.r(at)
  local journal, trims, snapshots, field, before = a[at], a[at + 1], a[at + 2], a[at + 3], tonumber(a[at + 4])
  local gone = tonumber(call('HGET', trims, field) or 0)
  if before <= gone + 1 then
    return
  end
  local list = {}
  for seq = gone + 1, before - 1 do
    list[#list + 1] = field .. struct.pack('>I8', seq)
    if #list == 1000 or seq == before - 1 then
      call('HDEL', journal, unpack(list))
      list = {}
    end
  end
  call('HSET', trims, field, before - 1)
  local snapshot = call('HGET', snapshots, field)
  if snapshot and (struct.unpack('>I8', snapshot)) < before then
    call('HDEL', snapshots, field)
  end
end

-- m: a message: shard, id, namespace, value. One that waits already stays as it is.
function ops.m(at)
  local shard, id, ns = a[at], a[at + 1], a[at + 2]
  if call('HSETNX', prefix .. 'b:' .. shard, id, ns) == 1 then
    call('HSET', prefix .. 'm:' .. shard, id, a[at + 3])
    call('ZADD', prefix .. 'q:' .. shard .. ':' .. ns, call('HINCRBY', prefix .. 'count', 'arrived', 1), id)
    call('SADD', prefix .. 'w:' .. shard, ns)
  end
end

-- t: a message to take: shard, id.
function ops.t(at)
  local shard, id = a[at], a[at + 1]
  local ns = call('HGET', prefix .. 'b:' .. shard, id)
  local line = prefix .. 'q:' .. shard .. ':' .. ns
  call('HDEL', prefix .. 'b:' .. shard, id)
  call('HDEL', prefix .. 'm:' .. shard, id)
  call('ZREM', line, id)
  if call('EXISTS', line) == 0 then
    call('SREM', prefix .. 'w:' .. shard, ns)
  end
end

-- e: answers of a shard (two bytes) that are older than a time (eight) go.
function ops.e(at)
  local shard, ages = a[at], prefix .. 'ages'
  local old = call('ZRANGE', ages, '[' .. shard, '(' .. shard .. a[at + 1], 'BYLEX')
  for j = 1, #old do
    call('HDEL', prefix .. 'answers', old[j]:sub(11))
    call('ZREM', ages, old[j])
  end
end

-- a: an answer: shard and time (ten bytes), to whom, body.
function ops.a(at)
  local stamp, to = a[at], a[at + 1]
  local old = call('HGET', prefix .. 'answers', to)
  if old then
    call('ZREM', prefix .. 'ages', old:sub(1, 10) .. to)
  end
  call('HSET', prefix .. 'answers', to, stamp .. a[at + 2])
  call('ZADD', prefix .. 'ages', 0, stamp .. to)
end

local all = #a
while i <= all do
  local words = tonumber(a[i + 1])
  ops[a[i]](i + 2, words)
  i = i + 2 + words
end

for name, list in pairs(removes) do
  for j = 1, #list, 1000 do
    call('ZREM', name, unpack(list, j, math.min(j + 999, #list)))
  end
end
for name, list in pairs(adds) do
  for j = 1, #list, 1000 do
    local some = {}
    for k = j, math.min(j + 999, #list) do
      some[#some + 1] = 0
      some[#some + 1] = list[k]
    end
    call('ZADD', name, unpack(some))
  end
end
for name, pair in pairs(pairs_of) do
  if call('EXISTS', name) == 1 then
    if call('SADD', pair[1], pair[2]) == 1 then
      call('SADD', prefix .. 'namespaces', pair[3])
    end
  else
    call('SREM', pair[1], pair[2])
    if call('EXISTS', pair[1]) == 0 then
      call('SREM', prefix .. 'namespaces', pair[3])
    end
  end
end
return { 'ok' }
