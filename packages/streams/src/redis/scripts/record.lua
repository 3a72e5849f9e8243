-- Appends log entries and events, each to its own stream and to the one of all, in order; the same batch sent again is stored only once.
-- Then trims: a stream keeps `cap` entries, or as many more as a consumer group has not read yet, but never more than twice the cap;
-- entries older than `age` go unless a group has not read them.
-- KEYS[1] string, number of this process' last batch   KEYS[2..] streams
-- ARGV[1] batch number   ARGV[2] number of the oldest one that is not known to be stored   ARGV[3] seconds the number is remembered
-- ARGV[4] age in ms, 0 for any   ARGV[5..] cap of each stream, in their order
-- then runs of entries alike: index in KEYS of their stream, index of the stream of all, `level` or `event_type`, its value, component,
--   count, then per entry: trace_id or "", timestamp, data
-- Returns 1, or 0 if this batch was stored already. Error EARLY: one in front of it has not arrived.
local argv, call = ARGV, redis.call
local known, number = tonumber(call('GET', KEYS[1]) or nil), tonumber(argv[1])
if known and known >= number then return 0 end
if argv[1] ~= argv[2] and known ~= number - 1 then return redis.error_reply('EARLY a batch in front of this one is not stored yet') end
local at, last = 4 + #KEYS, #argv
while at <= last do
  local own, all = KEYS[tonumber(argv[at])], KEYS[tonumber(argv[at + 1])]
  local name, value, component = argv[at + 2], argv[at + 3], argv[at + 4]
  local first = at + 6
  at = first + 3 * tonumber(argv[at + 5])
  for i = first, at - 1, 3 do
    local trace, time, data = argv[i], argv[i + 1], argv[i + 2]
    if trace == '' then
      call('XADD', own, '*', name, value, 'component', component, 'timestamp', time, 'data', data)
      call('XADD', all, '*', name, value, 'component', component, 'timestamp', time, 'data', data)
    else
      call('XADD', own, '*', name, value, 'component', component, 'trace_id', trace, 'timestamp', time, 'data', data)
      call('XADD', all, '*', name, value, 'component', component, 'trace_id', trace, 'timestamp', time, 'data', data)
    end
  end
end
call('SET', KEYS[1], argv[1], 'EX', argv[3])
local time = call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local age = tonumber(argv[4])

local function before(a, b)
  local am, as = string.match(a, '^(%d+)-(%d+)$')
  local bm, bs = string.match(b, '^(%d+)-(%d+)$')
  if am ~= bm then return tonumber(am) < tonumber(bm) end
  return tonumber(as) < tonumber(bs)
end

-- What groups have not read, and the smallest id one of them has got to.
local function unread(key)
  local most, floor = 0, nil
  for _, group in ipairs(call('XINFO', 'GROUPS', key)) do
    for i = 1, #group, 2 do
      if group[i] == 'lag' and tonumber(group[i + 1]) then most = math.max(most, tonumber(group[i + 1])) end
      if group[i] == 'last-delivered-id' and (floor == nil or before(group[i + 1], floor)) then floor = group[i + 1] end
    end
  end
  return most, floor
end

for i = 2, #KEYS do
  local key, cap = KEYS[i], tonumber(argv[3 + i])
  -- Redis removes whole blocks of 100 entries, so there is nothing to do before.
  if call('XLEN', key) >= cap + 100 then
    call('XTRIM', key, 'MAXLEN', '~', math.min(2 * cap, math.max(cap, (unread(key)))))
  end
  if age > 0 then
    local oldest = call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
    if oldest and tonumber(string.match(oldest[1], '^%d+')) < now - age then
      local _, floor = unread(key)
      local cut = string.format('%.0f-0', now - age)
      if floor and before(floor, cut) then cut = floor end
      call('XTRIM', key, 'MINID', '~', cut)
    end
  end
end
return 1
