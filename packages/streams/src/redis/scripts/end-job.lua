-- Ends a running job.
-- KEYS[1] job   KEYS[2] running jobs
-- ARGV[1] id   ARGV[2] "done", "cancelled" or "failed"   ARGV[3] fence, "" for an operator   ARGV[4] seconds it is kept   ARGV[5] error
-- Returns 1, or 0 when it does not run or is not ours (any more).
local held = redis.call('HMGET', KEYS[1], 'state', 'fence', 'total', 'replayed')
if held[1] ~= 'running' or (ARGV[3] ~= '' and held[2] ~= ARGV[3]) then return 0 end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'updated_at', now, 'finished_at', now)
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'error', ARGV[5]) end
-- What was gone before its turn was never met, only missed.
if ARGV[2] == 'done' then redis.call('HSET', KEYS[1], 'skipped', math.max(0, tonumber(held[3]) - tonumber(held[4]))) end
redis.call('SREM', KEYS[2], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
