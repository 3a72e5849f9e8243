-- Adds to what clients are ahead of their rate, over all edge workers. A key lives as long as its client owes something, and a second.
-- KEYS one per client: `due` in µs of the server's time   ARGV for each: µs to add   Returns for each: µs it is ahead now
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local ahead = {}
for at, key in ipairs(KEYS) do
  local due = math.max(tonumber(redis.call('GET', key) or 0), now) + tonumber(ARGV[at])
  redis.call('SET', key, string.format('%.0f', due), 'PX', string.format('%.0f', math.ceil((due - now) / 1000) + 1000))
  ahead[at] = string.format('%.0f', due - now)
end
return ahead
