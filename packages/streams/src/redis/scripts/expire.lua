-- Drops the dead letters of one kind that died before a time.
-- KEYS[1] dead letters   KEYS[2] index   KEYS[3] zset of the kind
-- KEYS[4] history   KEYS[5] counts of its topic (neither where the kind has none of ours)
-- ARGV[1] signature   ARGV[2] Unix ms: older ones go   ARGV[3] at most this many, up to 1,000   ARGV[4] group
-- Returns {dropped, looked at}; the two differ where somebody else had removed the letter without the index.
--@kind
--@history
local ids = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[2], 'LIMIT', 0, ARGV[3])
if #ids == 0 then return { 0, 0 } end
local dropped = redis.call('XDEL', KEYS[1], unpack(ids))
redis.call('ZREM', KEYS[3], unpack(ids))
recount(KEYS[2], KEYS[3], ARGV[1])
if dropped > 0 and KEYS[5] then
  remember(KEYS[4], KEYS[5], dropped, 'expired', ARGV[4], 'more', table.concat(ids, ' '))
end
return { dropped, #ids }
