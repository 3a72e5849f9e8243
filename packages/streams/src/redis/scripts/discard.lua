-- Drops dead letters of one kind for good, and those its index still names although somebody else has removed them.
-- KEYS[1] dead letters   KEYS[2] index   KEYS[3] zset of the kind
-- ARGV[1] signature   ARGV[2] description of the kind   ARGV[3..] ids, at most 1,000
-- Returns how many were there.
--@kind
local ids = {}
for at = 3, #ARGV do ids[#ids + 1] = ARGV[at] end
local dropped = redis.call('XDEL', KEYS[1], unpack(ids))
redis.call('ZREM', KEYS[3], unpack(ids))
recount(KEYS[2], KEYS[3], ARGV[1], ARGV[2])
return dropped
