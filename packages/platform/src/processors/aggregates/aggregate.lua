-- One topic's messaging since the last look. What was counted is compared with what was counted then, and both the entry and the new
-- counts are written here: nothing is told twice or left out, whoever leads.
-- KEYS[1] lease of the leader   KEYS[2] hash of the counts at the last look, `<topic>|<what>`   KEYS[3] stream of aggregates
-- KEYS[4] hash of the topic's counters   KEYS[5…] its lanes
-- ARGV[1] holder   ARGV[2] fence   ARGV[3] topic   ARGV[4] "look" | "take" | "tell"   ARGV[5] groups as they stand (JSON)
-- ARGV[6] oldest id to keep in the stream
-- Returns 0 when somebody else leads; "look": 2 when something was counted, else 1; "take" (only remembers) and "tell": 1.
local lease = redis.call('HMGET', KEYS[1], 'holder', 'fence')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] then return 0 end
local TOLD = { acked = true, retried = true, dead = true, replayed = true }
local topic, moved = ARGV[3], {}
local function since(what, count)
  local field = topic .. '|' .. what
  local before = tonumber(redis.call('HGET', KEYS[2], field)) or 0
  if count ~= before then moved[field] = count end
  -- Less than before: it was deleted and made anew.
  return count < before and count or count - before
end
local published = 0
for lane = 5, #KEYS do
  local added = 0
  if redis.call('EXISTS', KEYS[lane]) == 1 then
    local info = redis.call('XINFO', 'STREAM', KEYS[lane])
    for at = 1, #info, 2 do
      if info[at] == 'entries-added' then added = info[at + 1] end
    end
  end
  published = published + since('lane ' .. (lane - 4), added)
end
local groups = ARGV[4] == 'tell' and cjson.decode(ARGV[5]) or {}
local counted = redis.call('HGETALL', KEYS[4])
for at = 1, #counted, 2 do
  local what, group = string.match(counted[at], '^(%a+):(.+)$')
  if TOLD[what] then
    groups[group] = groups[group] or {}
    groups[group][what] = since(counted[at], tonumber(counted[at + 1]))
  end
end
if ARGV[4] == 'look' then return next(moved) and 2 or 1 end
if ARGV[4] == 'tell' then
  for _, group in pairs(groups) do
    for what in pairs(TOLD) do group[what] = group[what] or 0 end
  end
  local data = cjson.encode({ topic = topic, published = published, groups = groups })
  redis.call('XADD', KEYS[3], 'MINID', '~', ARGV[6], '*', 'event_type', 'messaging', 'service', 'tidegate', 'data', data)
end
for field, count in pairs(moved) do redis.call('HSET', KEYS[2], field, string.format('%.0f', count)) end
return 1
