-- Writes a dead letter and releases the message in one step, so it is never in both places and never in none.
-- KEYS[1] stream   KEYS[2] dead letters   KEYS[3] index of dead letters   KEYS[4] zset of this kind
-- KEYS[5] history   KEYS[6] counts   KEYS[7] position hash
-- ARGV[1] group   ARGV[2] consumer   ARGV[3] "1" for a retry stream   ARGV[4] generation   ARGV[5] id
-- ARGV[6] delivery count   ARGV[7] signature of the kind   ARGV[8] description of the kind (JSON)
-- ARGV[9] what it is about   ARGV[10] age   ARGV[11] attempt   ARGV[12] reason
-- ARGV[13..] name, value, … added to the raw fields; a raw field of the same name becomes original.<name>
-- Returns 1 moved, 0 not ours any more, -1 the entry itself is gone.
--@kind
--@history
--@generation
local id = ARGV[5]
local one = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2])
if not (one[1] and one[1][4] == tonumber(ARGV[6])) then return 0 end
local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
local letter
if entry then
  local added, fields = { failed_at = true }, {}
  for at = 13, #ARGV, 2 do added[ARGV[at]] = true end
  local raw = entry[2]
  for at = 1, #raw, 2 do
    local name = raw[at]
    if name ~= '~origin' and name ~= '~attempts' then
      fields[#fields + 1] = added[name] and ('original.' .. name) or name
      fields[#fields + 1] = raw[at + 1]
    end
  end
  local time = redis.call('TIME')
  fields[#fields + 1] = 'failed_at'
  fields[#fields + 1] = string.format('%s.%06d', time[1], tonumber(time[2]))
  for at = 13, #ARGV do fields[#fields + 1] = ARGV[at] end
  -- Where no foreign letter waits for adoption, the mark moves on with ours: nobody then reads the stream to find none.
  local mark = redis.call('HGET', KEYS[3], '~adopted')
  local behind = redis.call('XRANGE', KEYS[2], mark and ('(' .. mark) or '-', '+', 'COUNT', 1)
  letter = redis.call('XADD', KEYS[2], '*', unpack(fields))
  if #behind == 0 then redis.call('HSET', KEYS[3], '~adopted', letter) end
  redis.call('ZADD', KEYS[4], string.match(letter, '^%d+'), letter)
  recount(KEYS[3], KEYS[4], ARGV[7], ARGV[8])
end
redis.call('XACK', KEYS[1], ARGV[1], id)
if ARGV[3] == '1' then
  redis.call('XDEL', KEYS[1], id)
else
  --@position
end
if letter then
  remember(KEYS[5], KEYS[6], 1, 'dead', ARGV[1], 'by', ARGV[2], 'ids', ARGV[9], 'ages', ARGV[10], 'tries', ARGV[11],
    'why', ARGV[12], 'more', letter)
end
return entry and 1 or -1
