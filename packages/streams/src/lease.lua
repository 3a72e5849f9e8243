-- Takes or keeps a lease. The fence grows with each new holder, so that what a former one still sends can be told and refused.
-- KEYS[1] lease hash   ARGV[1] who   ARGV[2] milliseconds   ARGV[3] "take" | "look" | "release"
-- Returns {fence, 1} when it is ours, {0, ms until it is free} when it is not; for "look" the holder, or false when it is free.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local holder = redis.call('HGET', KEYS[1], 'holder')
local left = (tonumber(redis.call('HGET', KEYS[1], 'until')) or 0) - now
if ARGV[3] == 'look' then return left > 0 and holder end
if ARGV[3] == 'release' then
  if holder == ARGV[1] then redis.call('HSET', KEYS[1], 'until', 0) end
  return { 0, 0 }
end
if holder ~= ARGV[1] and left > 0 then return { 0, left } end
-- A holder whose lease had run out takes a new fence as well: somebody may have been in between.
if holder ~= ARGV[1] or left <= 0 then redis.call('HINCRBY', KEYS[1], 'fence', 1) end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', string.format('%.0f', now + tonumber(ARGV[2])))
return { tonumber(redis.call('HGET', KEYS[1], 'fence')), 1 }
