-- First part of every processor's script: refuses whoever does not hold the lease or does not stand where the cursor stands, and moves
-- the cursor and the consumer group with it. What follows is the effect, so both happen or neither does.
-- KEYS[1] lease hash   KEYS[2] cursor hash   KEYS[3] the stream
-- ARGV[1] holder   ARGV[2] fence   ARGV[3] the cursor before   ARGV[4] last id of this batch   ARGV[5] entries in it   ARGV[6] group
-- Returns 0 when refused. The effect's keys begin at KEYS[4], its arguments at ARGV[7]; `vanished` says how many entries were trimmed
-- between the batch before and this one.
local vanished = 0
do
  local lease = redis.call('HMGET', KEYS[1], 'holder', 'fence')
  local cursor = redis.call('HMGET', KEYS[2], 'id', 'read')
  if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] or (cursor[1] or '0-0') ~= ARGV[3] then return 0 end
  local info, added, length = redis.call('XINFO', 'STREAM', KEYS[3]), 0, 0
  for at = 1, #info, 2 do
    if info[at] == 'entries-added' then added = info[at + 1] elseif info[at] == 'length' then length = info[at + 1] end
  end
  -- `read` is the place in all that was ever added to this stream; beyond its end, the stream was deleted and made anew.
  local count, read = tonumber(ARGV[5]), tonumber(cursor[2]) or 0
  if read > added then read = 0 end
  -- Only the oldest are ever trimmed, so what is gone beyond what was read is lost, but for what has gone from this very batch.
  local gone = added - length - read
  if gone > 0 then
    local still = #redis.call('XRANGE', KEYS[3], '(' .. ARGV[3], ARGV[4])
    vanished = math.max(0, gone - (count - still))
  end
  read = read + vanished + count
  -- A script is not undone where it fails: what may fail for want of memory comes first, and a group that is missing is no failure.
  redis.call('HINCRBY', KEYS[2], 'done', count)
  redis.call('HSET', KEYS[2], 'id', ARGV[4], 'read', read)
  if vanished > 0 then redis.call('HINCRBY', KEYS[2], 'lost', vanished) end
  local moved = redis.pcall('XGROUP', 'SETID', KEYS[3], ARGV[6], ARGV[4], 'ENTRIESREAD', read)
  if moved.err then redis.pcall('XGROUP', 'CREATE', KEYS[3], ARGV[6], ARGV[4], 'ENTRIESREAD', read) end
end
