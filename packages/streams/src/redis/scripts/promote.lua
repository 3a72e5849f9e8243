-- Moves due retries from the waiting room into the group's retry stream.
-- KEYS[1] retries zset   KEYS[2] held hash   KEYS[3] retry stream
-- ARGV[1] at most this many
-- Returns {moved, ms until the next is due or -1}
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, token in ipairs(due) do
  local packed = redis.call('HGET', KEYS[2], token)
  if packed then redis.call('XADD', KEYS[3], '*', unpack(cmsgpack.unpack(packed))) end
  redis.call('HDEL', KEYS[2], token)
  redis.call('ZREM', KEYS[1], token)
end
local following = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return { #due, following[2] and math.max(0, tonumber(following[2]) - now) or -1 }
