-- What each group of a stream has not been given yet. The server's own `lag` is not taken at its word: Redis 7.0 does not
-- replicate or log `entries-read`, so after a failover or a restart it stays too high for ever; and XDEL makes it unknown.
-- At both ends of the stream the answer is plain, between them the entries are counted, a hundred at a time.
-- KEYS[1] stream   ARGV[1] count up to this many, then believe the server   ARGV[2] the same where the server does not know
-- Returns {group, pending, lag, age in ms of the oldest entry it has not been given, or 0} for each group; nothing where there is no stream
--@ids
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
local function fields(flat)
  local named = {}
  for at = 1, #flat, 2 do named[flat[at]] = flat[at + 1] end
  return named
end
local stream = fields(redis.call('XINFO', 'STREAM', KEYS[1]))
local length = stream['length']
local function count(from, limit)
  local counted = 0
  while counted < limit do
    local page = redis.call('XRANGE', KEYS[1], '(' .. from, '+', 'COUNT', math.min(100, limit - counted))
    counted = counted + #page
    if #page < 100 then break end
    from = page[#page][1]
  end
  return counted
end
local function lag(group)
  local given = group['last-delivered-id']
  if length == 0 or not before(given, stream['last-entry'][1]) then return 0 end
  if before(given, stream['first-entry'][1]) then return length end
  local limit = tonumber(group['lag'] and ARGV[1] or ARGV[2])
  local counted = count(given, limit)
  if counted < limit or not group['lag'] then return counted end
  return math.max(counted, math.min(group['lag'], length))
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function age(group)
  local oldest = redis.call('XRANGE', KEYS[1], '(' .. group['last-delivered-id'], '+', 'COUNT', 1)[1]
  return oldest and math.max(0, now - tonumber(string.match(oldest[1], '^%d+'))) or 0
end
local answer = {}
for at, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = fields(flat)
  local behind = lag(group)
  answer[at] = { group['name'], group['pending'], behind, behind > 0 and age(group) or 0 }
end
return answer
