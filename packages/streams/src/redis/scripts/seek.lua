-- Moves a group: stream position, pending entries and waiting retries together. Recreating the group empties its pending
-- list, so running consumers are fenced: their acks find nothing of theirs. That must not change when they read the same entries
-- again under the same name; so the group gets a new generation, without which nothing is settled. It is also left missing on its
-- retry stream: the next read of a running consumer fails, it makes the group there anew and goes on under a new name.
-- KEYS[1..n-6] lanes   KEYS[n-5] history   KEYS[n-4] counts   KEYS[n-3] retry stream   KEYS[n-2] retries zset
-- KEYS[n-1] held hash   KEYS[n] position hash
-- ARGV[1] group   ARGV[2] "0", "$" or an id (exclusive)   ARGV[3] who does it
-- Returns {pending entries released, waiting retries dropped}
--@history
local lanes = #KEYS - 6
local retry_stream, retries, held, position = KEYS[lanes + 3], KEYS[lanes + 4], KEYS[lanes + 5], KEYS[lanes + 6]
local function pending_on(key)
  local summary = redis.pcall('XPENDING', key, ARGV[1])
  return summary.err and 0 or summary[1]
end
local function last_id(key)
  local info = redis.call('XINFO', 'STREAM', key)
  for at = 1, #info, 2 do
    if info[at] == 'last-generated-id' then return info[at + 1] end
  end
end
local released = 0
for lane = 1, lanes do
  local key = KEYS[lane]
  local start = ARGV[2] == '$' and '0-0' or ARGV[2]
  if redis.call('EXISTS', key) == 1 then
    released = released + pending_on(key)
    redis.call('XGROUP', 'DESTROY', key, ARGV[1])
    if ARGV[2] == '$' then start = last_id(key) end
  end
  redis.call('XGROUP', 'CREATE', key, ARGV[1], start, 'MKSTREAM')
  redis.call('HSET', position, key, start)
end
-- What is under way of the retry stream is a delivery; the rest of it and the waiting room are retries given up.
local dropped = redis.call('ZCARD', retries)
if redis.call('EXISTS', retry_stream) == 1 then
  local under_way = pending_on(retry_stream)
  released = released + under_way
  dropped = dropped + math.max(0, redis.call('XLEN', retry_stream) - under_way)
end
redis.call('HINCRBY', position, '~generation', 1)
redis.call('DEL', retry_stream, retries, held)
remember(KEYS[lanes + 1], KEYS[lanes + 2], 1, 'moved', ARGV[1], 'by', ARGV[3], 'more', ARGV[2])
return { released, dropped }
