-- Takes dead letters into the index that were written without it (by other programs), and moves the mark up to which this was done.
-- KEYS[1] dead letters   KEYS[2] index   KEYS[3..] zsets of the kinds, one per letter
-- ARGV[1] the mark as it was read, "" for none   ARGV[2] the new mark   ARGV[3..] per letter: id, signature, description
-- Returns 1, or 0 when another process has moved the mark.
--@kind
if (redis.call('HGET', KEYS[2], '~adopted') or '') ~= ARGV[1] then return 0 end
for at = 3, #ARGV, 3 do
  local kind = KEYS[2 + at / 3]
  if redis.call('XRANGE', KEYS[1], ARGV[at], ARGV[at])[1] then
    redis.call('ZADD', kind, string.match(ARGV[at], '^%d+'), ARGV[at])
    recount(KEYS[2], kind, ARGV[at + 1], ARGV[at + 2])
  end
end
redis.call('HSET', KEYS[2], '~adopted', ARGV[2])
return 1
