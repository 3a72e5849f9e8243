-- Drops dead letters of one kind for good, and those its index still names although somebody else has removed them.
-- KEYS[1] dead letters   KEYS[2] index   KEYS[3] zset of the kind
-- KEYS[4] history   KEYS[5] counts of its topic (neither where the kind has none of ours)
-- ARGV[1] signature   ARGV[2] description of the kind   ARGV[3] group   ARGV[4] who does it
-- ARGV[5..] ids, at most 1,000
-- Returns how many were there.
--@kind
--@history
local ids = {}
for at = 5, #ARGV do ids[#ids + 1] = ARGV[at] end
local dropped = redis.call('XDEL', KEYS[1], unpack(ids))
redis.call('ZREM', KEYS[3], unpack(ids))
recount(KEYS[2], KEYS[3], ARGV[1], ARGV[2])
if dropped > 0 and KEYS[5] then
  remember(KEYS[4], KEYS[5], dropped, 'discarded', ARGV[3], 'by', ARGV[4], 'more', table.concat(ids, ' '))
end
return dropped
