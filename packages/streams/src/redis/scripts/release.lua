-- Hands unstarted messages back at once: they look abandoned for ever, and the delivery is not counted.
-- KEYS[1] stream   KEYS[2] history   KEYS[3] counts
-- ARGV[1] group   ARGV[2] consumer   ARGV[3] what it is about   ARGV[4] ages   ARGV[5..] id, delivery count, …
-- Returns how many were handed back.
--@history
local count, lost = 0, {}
for at = 5, #ARGV, 2 do
  local one = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[at], ARGV[at], 1, ARGV[2])
  if one[1] and one[1][4] == tonumber(ARGV[at + 1]) then
    redis.call('XCLAIM', KEYS[1], ARGV[1], 'released', 0, ARGV[at], 'TIME', 0, 'RETRYCOUNT', one[1][4] - 1, 'JUSTID')
    count = count + 1
  else
    lost[#lost + 1] = (at - 3) / 2
  end
end
if count > 0 then
  remember(KEYS[2], KEYS[3], count, 'released', ARGV[1], 'by', ARGV[2], 'ids', ARGV[3], 'ages', ARGV[4], 'refused', table.concat(lost, ' '))
end
return count
