-- Moves failed messages out of the pending list into the group's own waiting room; other groups never see them again.
-- KEYS[1] stream   KEYS[2] retries zset   KEYS[3] held hash   KEYS[4] the group's retry stream   KEYS[5] history
-- KEYS[6] counts   KEYS[7] position hash
-- ARGV[1] group   ARGV[2] consumer   ARGV[3] "1" for a retry stream   ARGV[4] generation   ARGV[5] smallest id
-- ARGV[6] largest id   ARGV[7] what it is about   ARGV[8] ages   ARGV[9] attempts   ARGV[10] reasons   ARGV[11] delays
-- ARGV[12..] per message: id, delivery count, delay ms, token "<stream>/<id>" of the original, failures, attempts (JSON)
-- Returns per message 1 waits, 2 due already and in the retry stream, 0 not ours any more, -1 the entry itself is gone.
-- A delay shorter than the way through the waiting room is none: such a message may be read again before this is answered.
--@history
--@generation
local AT_ONCE = 2
local limit = (#ARGV - 11) / 6 + 128
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[5], ARGV[6], limit, ARGV[2])
local mine = {}
for at = 1, #pending do mine[pending[at][1]] = pending[at][4] end
local function owned(id, count)
  local found = mine[id]
  if found == nil and #pending == limit then
    local one = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2])
    found = one[1] and one[1][4]
  end
  return found == tonumber(count)
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local results, settled, packed, due, lost = {}, {}, {}, {}, {}
for at = 12, #ARGV, 6 do
  local id = ARGV[at]
  local result = 0
  if owned(id, ARGV[at + 1]) then
    local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
    result = entry and 1 or -1
    settled[#settled + 1] = id
    if entry then
      local fields = { '~origin', ARGV[at + 3], '~attempts', ARGV[at + 5], 'retry_count', ARGV[at + 4] }
      local raw = entry[2]
      for i = 1, #raw, 2 do
        local name = raw[i]
        if name ~= '~origin' and name ~= '~attempts' and name ~= 'retry_count' then
          fields[#fields + 1] = name
          fields[#fields + 1] = raw[i + 1]
        end
      end
      local delay = tonumber(ARGV[at + 2])
      if delay < AT_ONCE then
        redis.call('XADD', KEYS[4], '*', unpack(fields))
        result = 2
      else
        packed[#packed + 1] = ARGV[at + 3]
        packed[#packed + 1] = cmsgpack.pack(fields)
        due[#due + 1] = string.format('%.0f', now + delay)
        due[#due + 1] = ARGV[at + 3]
      end
    end
  end
  results[#results + 1] = result
  if result < 1 then lost[#lost + 1] = #results end
end
if #packed > 0 then
  redis.call('HSET', KEYS[3], unpack(packed))
  redis.call('ZADD', KEYS[2], unpack(due))
end
if #settled > 0 then
  redis.call('XACK', KEYS[1], ARGV[1], unpack(settled))
  if ARGV[3] == '1' then
    redis.call('XDEL', KEYS[1], unpack(settled))
  else
    --@position
  end
end
if #lost < #results then
  remember(KEYS[5], KEYS[6], #results - #lost, 'retried', ARGV[1], 'by', ARGV[2], 'ids', ARGV[7], 'ages', ARGV[8], 'tries', ARGV[9],
    'why', ARGV[10], 'more', ARGV[11], 'refused', table.concat(lost, ' '))
end
return results
