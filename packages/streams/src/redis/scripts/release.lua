-- Hands unstarted messages back at once: they look abandoned for ever, and the delivery is not counted.
-- KEYS[1] stream   ARGV[1] group   ARGV[2] consumer   ARGV[3..] id, delivery count, …
-- Returns how many were handed back.
local count = 0
for at = 3, #ARGV, 2 do
  local one = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[at], ARGV[at], 1, ARGV[2])
  if one[1] and one[1][4] == tonumber(ARGV[at + 1]) then
    redis.call('XCLAIM', KEYS[1], ARGV[1], 'released', 0, ARGV[at], 'TIME', 0, 'RETRYCOUNT', one[1][4] - 1, 'JUSTID')
    count = count + 1
  end
end
return count
