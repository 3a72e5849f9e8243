-- One process of all may announce what expires next.
-- KEYS[1] index of dead letters
-- ARGV[1] what was announced before, as it was read, "" for nothing   ARGV[2] what is announced now
-- Returns 1 for the process that may.
if (redis.call('HGET', KEYS[1], '~announced') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], '~announced', ARGV[2])
return 1
