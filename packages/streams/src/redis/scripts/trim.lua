-- Removes what retention allows and no living group still needs, oldest first over the lanes; beyond the hard cap also what is
-- needed, counted exactly.
-- KEYS[1..n] lanes   KEYS[n+1] group signs   KEYS[n+2..] position hash of each group in ARGV[7..]
-- ARGV[1] entries to keep over all lanes (0 = any number)   ARGV[2] ms to keep (0 = for ever)   ARGV[3] hard cap of one lane
-- (0 = none)   ARGV[4] lease of a group in ms   ARGV[5] at most this many now, a fifth of it by the hard cap   ARGV[6] entries looked at in one piece
-- ARGV[7..] group names; a group on a lane that is not among them is somebody else's
-- Returns {removed, groups whose lease has run out just now, {{lane, removed although needed, {group, count, …}}, …}}
--@ids
--@next-id
local keep, age, cap, lease = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local budget, piece = tonumber(ARGV[5]), tonumber(ARGV[6])
local lane_count = #KEYS - 1 - (#ARGV - 6)
local signs = KEYS[lane_count + 1]
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

-- Who reads here.
local groups, lanes = {}, {}
for at = 7, #ARGV do groups[ARGV[at]] = { position = KEYS[lane_count + 1 + at - 6], on = {} } end
for lane = 1, lane_count do
  local key = KEYS[lane]
  if redis.call('EXISTS', key) == 1 then
    lanes[#lanes + 1] = key
    for _, info in ipairs(redis.call('XINFO', 'GROUPS', key)) do
      local group = groups[info[2]] or { on = {} }
      groups[info[2]] = group
      group.on[key] = { pending = info[6], last = info[8] }
    end
  end
end

-- Who lives. The newest of our heartbeat and its consumers' reads; a minus before the sign: released at that time.
local function last_read(name, group)
  local least
  for key in pairs(group.on) do
    for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', key, name)) do
      if not least or consumer[6] < least then least = consumer[6] end
    end
  end
  return least and now - least
end
local function sign_at(name, ms) redis.call('HSET', signs, name, string.format('%.0f', ms)) end
local expired = {}
local function holds(name, group)
  local sign = tonumber(redis.call('HGET', signs, name) or nil)
  group.ours = group.position ~= nil and redis.call('EXISTS', group.position) == 1
  if not sign then
    if group.ours then sign_at(name, now) end
    return true
  end
  if sign > 0 and now - sign < lease then
    group.ours = true
    return true
  end
  local read = last_read(name, group)
  if sign <= 0 then
    if sign == 0 or not read or read <= -sign then return false end
    if group.ours then sign_at(name, read) else redis.call('HDEL', signs, name) end
    return true
  end
  group.ours = true
  if read and now - read < lease then return true end
  sign_at(name, -now)
  expired[#expired + 1] = name
  return false
end
for name, group in pairs(groups) do group.holds = holds(name, group) end

-- Where a group of ours resumes on a lane it has lost; see ensure-group.
local function resumes_at(group, key)
  local mark = group.position and redis.call('HGET', group.position, key)
  local info = mark and redis.call('XINFO', 'STREAM', key) or {}
  for at = 1, #info, 2 do
    if info[at] == 'last-generated-id' and before(info[at + 1], mark) then mark = false end
  end
  return mark or '0-0'
end
-- The smallest id somebody still needs; nil when nobody does.
local function floor_of(key)
  local floor
  for name, group in pairs(groups) do
    local on, need = group.on[key], nil
    if group.holds and on then
      need = next_id(on.last)
      local first = on.pending > 0 and redis.call('XPENDING', key, name, '-', '+', 1)[1]
      if first and before(first[1], need) then need = first[1] end
    elseif group.holds and group.ours then
      need = next_id(resumes_at(group, key))
    end
    if need and (not floor or before(need, floor)) then floor = need end
  end
  return floor
end
local floors = {}
for _, key in ipairs(lanes) do floors[key] = floor_of(key) end

local removed = 0

-- By age: whole nodes of a long stream, then the rest of one.
if age > 0 then
  local oldest = string.format('%.0f-0', math.max(0, now - age))
  for _, key in ipairs(lanes) do
    local bound = floors[key] and before(floors[key], oldest) and floors[key] or oldest
    local gone = 0
    if redis.call('XLEN', key) > budget then gone = redis.call('XTRIM', key, 'MINID', '~', bound, 'LIMIT', budget) end
    if gone == 0 then gone = redis.call('XTRIM', key, 'MINID', bound) end
    removed = removed + gone
  end
end

-- By number, in three ways from cheap to exact: whole nodes of the lane with the oldest entries, unread, as far as they are older
-- than what the others have; while there is far too much, whole nodes of all lanes up to a moment, chosen so near that it cannot
-- go far wrong; and the fronts of the lanes, read and merged entry by entry, which also shows how dense they are.
local total = 0
for _, key in ipairs(lanes) do total = total + redis.call('XLEN', key) end
local excess = keep > 0 and math.min(total - keep, budget) or 0
local function oldest_nodes()
  local best, bound, head
  for _, key in ipairs(lanes) do
    local first = redis.call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
    local id = first and (not floors[key] or before(first[1], floors[key])) and first[1]
    if id and (not head or before(id, head)) then
      best, bound, head = key, head, id
    elseif id and (not bound or before(id, bound)) then
      bound = id
    end
  end
  if not best then return 0 end
  if floors[best] and (not bound or before(floors[best], bound)) then bound = floors[best] end
  bound = bound or '18446744073709551615-18446744073709551615'
  return redis.call('XTRIM', best, 'MINID', '~', bound, 'LIMIT', excess)
end
local FAR = 1000
local SLICE = 400
local slice_ms
local function oldest_head()
  local head
  for _, key in ipairs(lanes) do
    local first = redis.call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
    local id = first and (not floors[key] or before(first[1], floors[key])) and first[1]
    if id and (not head or before(id, head)) then head = id end
  end
  return head and tonumber((string.match(head, '^%d+')))
end
local function nodes_of_a_slice()
  local head = slice_ms and excess >= FAR and oldest_head()
  if not head or head > 2 ^ 52 then return 0 end
  local cut, gone = string.format('%.0f-0', head + math.max(1, math.floor(slice_ms))), 0
  for _, key in ipairs(lanes) do
    local bound = floors[key] and before(floors[key], cut) and floors[key] or cut
    local most = excess - FAR / 2 - gone
    if most > 0 then gone = gone + redis.call('XTRIM', key, 'MINID', '~', bound, 'LIMIT', most) end
  end
  if gone < SLICE / 2 then slice_ms = slice_ms * 2 elseif gone > SLICE * 2 then slice_ms = slice_ms / 2 end
  return gone
end
local function front(key, count)
  local bound = floors[key] and ('(' .. floors[key]) or '+'
  local ids = {}
  if bound == '(0-0' then return ids end
  for at, entry in ipairs(redis.call('XRANGE', key, '-', bound, 'COUNT', count)) do ids[at] = entry[1] end
  return ids
end
local function oldest_entries()
  local asked, fronts, taken, sum = math.min(piece, excess), {}, {}, 0
  local first, last
  for _, key in ipairs(lanes) do fronts[key], taken[key] = front(key, asked), 0 end
  while sum < excess do
    local best, blind
    for _, key in ipairs(lanes) do
      local id = fronts[key][taken[key] + 1]
      if not id then
        blind = blind or #fronts[key] == asked
      elseif not best or before(id, fronts[best][taken[best] + 1]) then
        best = key
      end
    end
    if blind or not best then break end
    last = fronts[best][taken[best] + 1]
    first = first or last
    taken[best], sum = taken[best] + 1, sum + 1
  end
  for _, key in ipairs(lanes) do
    if taken[key] > 0 then redis.call('XTRIM', key, 'MAXLEN', redis.call('XLEN', key) - taken[key]) end
  end
  if sum > 0 then
    local span = tonumber((string.match(last, '^%d+'))) - tonumber((string.match(first, '^%d+')))
    slice_ms = math.max(slice_ms or 0, span * SLICE / sum)
  end
  return sum
end
while excess > 0 do
  local gone = oldest_nodes()
  if gone == 0 then gone = nodes_of_a_slice() end
  if gone == 0 then gone = oldest_entries() end
  if gone == 0 then break end
  removed, excess = removed + gone, excess - gone
end

-- The hard cap: the oldest go although they are needed. What was in work is acknowledged, so that no pending entry without
-- a message stays; what nobody had got yet is counted as well. Fewer at once, because each of them is read.
local function count_lost(key, name, group, ids, needed)
  local on, lost, dropped = group.on[key], 0, {}
  local after = on and on.last or (group.ours and resumes_at(group, key))
  if not after then return 0 end
  for _, id in ipairs(ids) do
    dropped[id] = true
    if group.holds and before(after, id) then lost, needed[id] = lost + 1, true end
  end
  while on and on.pending > 0 do
    local rows = redis.call('XPENDING', key, name, '-', ids[#ids], 500)
    if #rows == 0 then break end
    local pending = {}
    for at, row in ipairs(rows) do
      pending[at] = row[1]
      if group.holds and dropped[row[1]] and not before(after, row[1]) then lost, needed[row[1]] = lost + 1, true end
    end
    redis.call('XACK', key, name, unpack(pending))
  end
  return lost
end
local forced = {}
for _, key in ipairs(lanes) do
  local over, needed, per_group = cap > 0 and math.min(redis.call('XLEN', key) - cap, math.floor(budget / 5)) or 0, {}, {}
  while over > 0 do
    local ids = {}
    for at, entry in ipairs(redis.call('XRANGE', key, '-', '+', 'COUNT', math.min(piece, over))) do ids[at] = entry[1] end
    for name, group in pairs(groups) do
      local lost = count_lost(key, name, group, ids, needed)
      if lost > 0 then per_group[name] = (per_group[name] or 0) + lost end
    end
    redis.call('XTRIM', key, 'MAXLEN', redis.call('XLEN', key) - #ids)
    removed, over = removed + #ids, over - #ids
  end
  local sum, flat = 0, {}
  for _ in pairs(needed) do sum = sum + 1 end
  for name, lost in pairs(per_group) do
    flat[#flat + 1] = name
    flat[#flat + 1] = lost
  end
  if sum > 0 then forced[#forced + 1] = { key, sum, flat } end
end
return { removed, expired, forced }
