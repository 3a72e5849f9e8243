-- Acknowledges what is still ours. A fence is (consumer, delivery count); an entry claimed by somebody else is refused.
-- KEYS[1] stream   KEYS[2] position hash
-- ARGV[1] group   ARGV[2] consumer   ARGV[3] "1" for a retry stream (settled entries are removed)
-- ARGV[4] smallest id   ARGV[5] largest id   ARGV[6..] id, delivery count, …
-- Returns the refused ids.
local wanted = (#ARGV - 5) / 2
local mine = {}
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[4], ARGV[5], wanted + 128, ARGV[2])
for at = 1, #pending do mine[pending[at][1]] = pending[at][4] end
local complete = #pending < wanted + 128
local good, refused = {}, {}
for at = 6, #ARGV, 2 do
  local id, count = ARGV[at], tonumber(ARGV[at + 1])
  local found = mine[id]
  if found == nil and not complete then
    local one = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2])
    found = one[1] and one[1][4]
  end
  if found == count then good[#good + 1] = id else refused[#refused + 1] = id end
end
for at = 1, #good, 1000 do
  local stop = math.min(at + 999, #good)
  redis.call('XACK', KEYS[1], ARGV[1], unpack(good, at, stop))
  if ARGV[3] == '1' then redis.call('XDEL', KEYS[1], unpack(good, at, stop)) end
end
if #good > 0 and ARGV[3] ~= '1' then
  --@position
end
return refused
