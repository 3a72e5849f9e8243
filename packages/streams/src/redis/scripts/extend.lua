-- Heartbeat: renews the lease of what is still ours, and of nothing else.
-- KEYS[1] stream   ARGV[1] group   ARGV[2] consumer   ARGV[3..] id, delivery count, …
-- Returns the ids that are not ours any more.
local mine, lost = {}, {}
for at = 3, #ARGV, 2 do
  local one = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[at], ARGV[at], 1, ARGV[2])
  if one[1] and one[1][4] == tonumber(ARGV[at + 1]) then mine[#mine + 1] = ARGV[at] else lost[#lost + 1] = ARGV[at] end
end
if #mine > 0 then
  mine[#mine + 1] = 'JUSTID'
  redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, unpack(mine))
end
return lost
