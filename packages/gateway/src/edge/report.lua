-- Keeps what one edge worker says of itself, with the server's time as its first field.
-- KEYS[1] workers   ARGV[1] id   ARGV[2] JSON object without `at`   Returns the time
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
redis.call('HSET', KEYS[1], ARGV[1], '{"at":' .. now .. ',' .. string.sub(ARGV[2], 2))
return now
