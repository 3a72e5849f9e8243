-- A group stops holding back retention: its sign becomes minus this moment, so that a later one can be told from an earlier one.
-- KEYS[1] group signs   ARGV[1] group
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('-%.0f', now))
return 1
