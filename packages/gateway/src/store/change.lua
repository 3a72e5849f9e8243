-- Makes groups of changes. Of each group all happen, in order, with their events; or none, when one of its entities has another version than
-- expected. A call that is sent again, because its answer was lost, changes nothing a second time and answers as it did.
-- KEYS: all that ARGV names by its number. KEYS[1] hash of answers of this caller (call → answer), KEYS[2] stream of all changes
-- ARGV[1] call (a growing number)   ARGV[2] earlier calls that are never sent again   ARGV[3] seconds the others are remembered   ARGV[4] changes kept   ARGV[5] revisions kept of one
-- entity   ARGV[6] seconds a deleted one's are kept   ARGV[7] number of groups
-- then of each group: number of changes, by (JSON), trace (JSON), number of a lease's hash or 0, fence the lease must still have
-- then of each change: arguments it has after these ten, kind, name, number of its hash (its index is the next key), number of its revisions,
-- expected version, data (JSON, "" to remove it), "1" to keep a revision, what to call it or "", number of events
-- then of each event: number of its own stream, of all events', entries kept, number of fields and values, those.
-- Ten revisions more are kept, so that they need not be trimmed with each change.
-- Returns "<ms>|<group>;<group>…": a group is its new versions "3,1", or "!<index of the change>:<version found>", 0 for none, or "!lease".
local call, match = redis.call, string.match
local known = call('HGET', KEYS[1], ARGV[1])
if known then return known end
local time = call('TIME')
local now = time[1] .. string.format('%03d', math.floor(time[2] / 1000))
local most, revisions, gone = ARGV[4], ARGV[5] - 1, ARGV[6]
local at = 8

-- The version comes first in the texts of entities and revisions, so that none need be decoded.
local function versionOf(text) return text and tonumber(match(text, '^{"version":(%d+)')) or 0 end

-- Remembers when each was made.
local created = {}
local function refusal(places)
  for i, place in ipairs(places) do
    local text = call('HGET', KEYS[tonumber(ARGV[place + 3])], ARGV[place + 2])
    local found = 0
    if text then
      local version
      version, created[place] = match(text, '^{"version":(%d+),"created_at":(%d+)')
      found = tonumber(version)
    end
    if found ~= tonumber(ARGV[place + 5]) then return '!' .. (i - 1) .. ':' .. string.format('%.0f', found) end
  end
end

local function tell(place)
  local from = place + 10
  for _ = 1, ARGV[place + 9] do
    local count = tonumber(ARGV[from + 3])
    local last = from + 3 + count
    call('XADD', KEYS[tonumber(ARGV[from])], 'MAXLEN', '~', ARGV[from + 2], '*', unpack(ARGV, from + 4, last))
    call('XADD', KEYS[tonumber(ARGV[from + 1])], 'MAXLEN', '~', ARGV[from + 2], '*', unpack(ARGV, from + 4, last))
    from = last + 1
  end
end

local function write(place, by, trace)
  local kind, name, data = ARGV[place + 1], ARGV[place + 2], ARGV[place + 6]
  local hash, past = tonumber(ARGV[place + 3]), KEYS[tonumber(ARGV[place + 4])]
  local expected = tonumber(ARGV[place + 5])
  local did, before = 'updated', expected
  if data == '' then
    did = 'deleted'
    call('HDEL', KEYS[hash], name)
    call('ZREM', KEYS[hash + 1], name)
  elseif expected == 0 then
    did = 'created'
    -- A deletion is always among the revisions, so a name that is used again goes on from there.
    before = versionOf(call('LINDEX', past, 0))
    if before > 0 then call('PERSIST', past) end
    call('ZADD', KEYS[hash + 1], 0, name)
  end
  local version = string.format('%.0f', before + 1)
  if ARGV[place + 8] ~= '' then did = ARGV[place + 8] end
  if data ~= '' then
    call('HSET', KEYS[hash], name, '{"version":' .. version .. ',"created_at":' .. (created[place] or now) .. ',"updated_at":' .. now .. ',"by":' .. by .. ',"data":' .. data .. '}')
  end
  local what = '"version":' .. version .. ',"change":"' .. did .. '","at":' .. now .. ',"by":' .. by .. ',"trace":' .. trace
  if data == '' or ARGV[place + 7] == '1' then
    if call('LPUSH', past, '{' .. what .. ',"data":' .. (data == '' and 'null' or data) .. '}') > revisions + 11 then
      call('LTRIM', past, 0, revisions)
    end
    if data == '' then call('EXPIRE', past, gone) end
  end
  -- What only a program noted down counts for those who follow, and is left out where people look.
  local called = (did == 'updated' and ARGV[place + 7] ~= '1') and 'note' or 'change'
  call('XADD', KEYS[2], 'MAXLEN', '~', most, '*', called, '{"kind":"' .. kind .. '","name":"' .. name .. '",' .. what .. '}')
  tell(place)
  return version
end

local answers = {}
for group = 1, ARGV[7] do
  local by, trace = ARGV[at + 1], ARGV[at + 2]
  local lease, fence = tonumber(ARGV[at + 3]), ARGV[at + 4]
  local places = {}
  local count = tonumber(ARGV[at])
  at = at + 5
  for i = 1, count do
    places[i] = at
    at = at + 10 + ARGV[at]
  end
  local lost = lease > 0 and call('HGET', KEYS[lease], 'fence') ~= fence
  local answer = lost and '!lease' or refusal(places)
  if not answer then
    local versions = {}
    for i, place in ipairs(places) do versions[i] = write(place, by, trace) end
    answer = table.concat(versions, ',')
  end
  answers[group] = answer
end

local answer = now .. '|' .. table.concat(answers, ';')
call('HSET', KEYS[1], ARGV[1], answer)
for over in string.gmatch(ARGV[2], '%d+') do call('HDEL', KEYS[1], over) end
call('EXPIRE', KEYS[1], ARGV[3])
return answer
