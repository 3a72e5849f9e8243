-- Takes or extends the lease of a running job. A new owner gets a new fence: steps of the old one are refused from then on.
-- KEYS[1] job   KEYS[2] running jobs
-- ARGV[1] id   ARGV[2] owner   ARGV[3] ms; 0 gives the lease back
-- Returns the job (name, value, …) when it is ours, else nothing.
if redis.call('HGET', KEYS[1], 'state') ~= 'running' then
  redis.call('SREM', KEYS[2], ARGV[1])
  return {}
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local held = redis.call('HMGET', KEYS[1], 'owner', 'lease')
if held[1] ~= ARGV[2] then
  if tonumber(held[2]) > now or ARGV[3] == '0' then return {} end
  redis.call('HSET', KEYS[1], 'owner', ARGV[2])
  redis.call('HINCRBY', KEYS[1], 'fence', 1)
end
redis.call('HSET', KEYS[1], 'lease', now + tonumber(ARGV[3]))
return redis.call('HGETALL', KEYS[1])
