-- A process with running spans lives.
-- KEYS[1] processes with running spans: zset "<session>/<ms of silence after which it counts as gone>" → the ms when that is
-- ARGV[1] process
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return redis.call('ZADD', KEYS[1], now + tonumber(string.match(ARGV[1], '%d+$')), ARGV[1])
