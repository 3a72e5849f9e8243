-- Appends copies of foreign entries and moves the cursor, in one step.
-- KEYS[1] cursor (string)   KEYS[2..] streams
-- ARGV[1] the cursor before, "" for none   ARGV[2] the new one   then per copy: index in KEYS, number of texts, field, value, …
-- Returns 1, or 0 if the cursor is another one: somebody else has copied these.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
local at = 3
while at <= #ARGV do
  local count = tonumber(ARGV[at + 1])
  redis.call('XADD', KEYS[tonumber(ARGV[at])], '*', unpack(ARGV, at + 2, at + 1 + count))
  at = at + 2 + count
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
