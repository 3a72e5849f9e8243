-- Counts entries after an id without sending them: how many of a stream's are left is not told by its length alone.
-- In pages, so that Lua never holds more than a hundred of them.
-- KEYS[1] stream   ARGV[1] id (exclusive)   ARGV[2] at most this many
local count, limit, from = 0, tonumber(ARGV[2]), ARGV[1]
while count < limit do
  local page = redis.call('XRANGE', KEYS[1], '(' .. from, '+', 'COUNT', math.min(100, limit - count))
  count = count + #page
  if #page < 100 then break end
  from = page[#page][1]
end
return count
