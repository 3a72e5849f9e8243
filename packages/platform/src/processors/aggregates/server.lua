-- The server's figures as one entry of the aggregates; of the counter only what came since the last look, as in aggregate.lua.
-- KEYS[1] lease of the leader   KEYS[2] hash of the counts at the last look   KEYS[3] stream of aggregates
-- ARGV[1] holder   ARGV[2] fence   ARGV[3] figures (JSON), with aof_delayed_fsync as counted by the server   ARGV[4] oldest id to keep
-- Returns 0 when somebody else leads, else 1
local lease = redis.call('HMGET', KEYS[1], 'holder', 'fence')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] then return 0 end
local data = cjson.decode(ARGV[3])
local count, before = data.aof_delayed_fsync, tonumber(redis.call('HGET', KEYS[2], 'aof'))
data.aof_delayed_fsync = before == nil and 0 or count < before and count or count - before
redis.call('HSET', KEYS[2], 'aof', count)
redis.call('XADD', KEYS[3], 'MINID', '~', ARGV[4], '*', 'event_type', 'redis', 'service', 'tidegate', 'data', cjson.encode(data))
return 1
