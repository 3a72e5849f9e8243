-- A group's sign of life, by the server's clock.
-- KEYS[1] hash group → Unix ms   ARGV[1] group
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)))
return 1
