-- Where lanes begin and end, without sending an entry.
-- KEYS[1..] lanes
-- Returns per lane {length, entries ever added, last id, first id}; "0-0" for the ids of a lane that does not exist.
local rows = {}
for lane, key in ipairs(KEYS) do
  local row = { 0, 0, '0-0', '0-0' }
  local info = redis.call('EXISTS', key) == 1 and redis.call('XINFO', 'STREAM', key) or {}
  for at = 1, #info, 2 do
    if info[at] == 'length' then row[1] = info[at + 1] end
    if info[at] == 'entries-added' then row[2] = info[at + 1] end
    if info[at] == 'last-generated-id' then row[3] = info[at + 1] end
    if info[at] == 'recorded-first-entry-id' then row[4] = info[at + 1] end
  end
  rows[lane] = row
end
return rows
