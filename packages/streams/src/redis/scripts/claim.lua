-- Takes over entries whose owner has been silent for the lease, carrying a cursor through the whole pending list.
-- KEYS[1] stream   KEYS[2] history   KEYS[3] counts
-- ARGV[1] group   ARGV[2] consumer   ARGV[3] lease ms   ARGV[4] cursor   ARGV[5] at most this many
-- ARGV[6] lane, "" for a retry stream, whose entries say what they were
-- Returns {next cursor, {{id, delivery count, fields}, …}, ids that no longer exist}
--@history
local reply = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5])
local taken, about, counts = {}, { ARGV[6] ~= '' and ARGV[6] or nil }, {}
local function original(fields)
  for at = 1, #fields, 2 do
    if fields[at] == '~origin' then return fields[at + 1] end
  end
  return '?'
end
for at, entry in ipairs(reply[2]) do
  local one = redis.call('XPENDING', KEYS[1], ARGV[1], entry[1], entry[1], 1)
  taken[at] = { entry[1], one[1][4], entry[2] }
  about[#about + 1] = ARGV[6] ~= '' and entry[1] or original(entry[2])
  counts[at] = one[1][4]
end
if #taken > 0 then
  remember(KEYS[2], KEYS[3], #taken, 'claimed', ARGV[1], 'by', ARGV[2], 'ids', table.concat(about, ' '), 'more', table.concat(counts, ' '))
end
return { reply[1], taken, reply[3] or {} }
