-- Sets or removes one field, as long as the lease it is done under was not lost.
-- KEYS[1] hash   KEYS[2] lease hash   ARGV[1] field   ARGV[2] text, "" to remove it   ARGV[3] fence
-- Returns 1, or 0 where the lease is somebody else's.
if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[3] then return 0 end
if ARGV[2] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return 1
