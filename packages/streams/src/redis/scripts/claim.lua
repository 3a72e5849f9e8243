-- Takes over entries whose owner has been silent for the lease, carrying a cursor through the whole pending list.
-- KEYS[1] stream   ARGV[1] group   ARGV[2] consumer   ARGV[3] lease ms   ARGV[4] cursor   ARGV[5] at most this many
-- Returns {next cursor, {{id, delivery count, fields}, …}, ids that no longer exist}
local reply = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5])
local taken = {}
for at, entry in ipairs(reply[2]) do
  local one = redis.call('XPENDING', KEYS[1], ARGV[1], entry[1], entry[1], 1)
  taken[at] = { entry[1], one[1][4], entry[2] }
end
return { reply[1], taken, reply[3] or {} }
