-- Moves due retries from the waiting room into the group's retry stream: as many as asked for, or about 1 MiB of them.
-- KEYS[1] retries zset   KEYS[2] held hash   KEYS[3] retry stream
-- ARGV[1] at most this many
-- Returns {moved, ms until the next is due or -1}
local BYTES, STEP = 1048576, 16
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
local moved, bytes = 0, 0
while moved < #due and bytes < BYTES do
  local stop = math.min(moved + STEP, #due)
  local packed = redis.call('HMGET', KEYS[2], unpack(due, moved + 1, stop))
  for at = 1, stop - moved do
    if packed[at] then
      redis.call('XADD', KEYS[3], '*', unpack(cmsgpack.unpack(packed[at])))
      bytes = bytes + #packed[at]
    end
  end
  moved = stop
end
if moved > 0 then
  redis.call('HDEL', KEYS[2], unpack(due, 1, moved))
  redis.call('ZREM', KEYS[1], unpack(due, 1, moved))
end
local following = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return { moved, following[2] and math.max(0, tonumber(following[2]) - now) or -1 }
