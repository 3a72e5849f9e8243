-- Stores a replay job that any process may go on with.
-- KEYS[1] job   KEYS[2] running jobs   KEYS[3] known jobs
-- ARGV[1] id   ARGV[2] "running", or "done" where there is nothing to do   ARGV[3] seconds a job without work is kept
-- ARGV[4..] name, value, … of the job
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local values = {}
for at = 4, #ARGV do values[#values + 1] = ARGV[at] end
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'state', ARGV[2], 'started_at', now, 'updated_at', now, 'replayed', 0, 'skipped', 0,
  'cursor', '0-0', 'fence', 0, 'lease', 0, unpack(values))
redis.call('ZADD', KEYS[3], now, ARGV[1])
if ARGV[2] == 'running' then
  redis.call('SADD', KEYS[2], ARGV[1])
else
  redis.call('HSET', KEYS[1], 'finished_at', now)
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return 1
