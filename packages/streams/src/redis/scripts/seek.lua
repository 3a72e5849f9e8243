-- Moves a group: stream position, pending entries and waiting retries together. Recreating the group empties its pending
-- list, so running consumers are fenced: their acks find nothing of theirs.
-- KEYS[1..4] lanes   KEYS[5] retry stream   KEYS[6] retries zset   KEYS[7] held hash   KEYS[8] position hash
-- ARGV[1] group   ARGV[2] "0", "$" or an id (exclusive)
-- Returns {pending entries released, waiting retries dropped}
local released = 0
for lane = 1, 4 do
  local key = KEYS[lane]
  local start = ARGV[2]
  if redis.call('EXISTS', key) == 1 then
    local ok = redis.pcall('XPENDING', key, ARGV[1])
    if not ok.err then released = released + ok[1] end
    redis.call('XGROUP', 'DESTROY', key, ARGV[1])
    if start == '$' then
      local info = redis.call('XINFO', 'STREAM', key)
      for at = 1, #info, 2 do
        if info[at] == 'last-generated-id' then start = info[at + 1] end
      end
    end
  elseif start == '$' then
    start = '0-0'
  end
  redis.call('XGROUP', 'CREATE', key, ARGV[1], start, 'MKSTREAM')
  redis.call('HSET', KEYS[8], key, start)
end
local dropped = redis.call('ZCARD', KEYS[6])
if redis.call('EXISTS', KEYS[5]) == 1 then dropped = dropped + redis.call('XLEN', KEYS[5]) end
redis.call('DEL', KEYS[5], KEYS[6], KEYS[7])
redis.call('XGROUP', 'CREATE', KEYS[5], ARGV[1], '0', 'MKSTREAM')
return { released, dropped }
