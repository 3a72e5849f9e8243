-- Moves failed messages out of the pending list into the group's own waiting room; other groups never see them again.
-- KEYS[1] stream   KEYS[2] retries zset   KEYS[3] held hash   KEYS[4] position hash
-- ARGV[1] group   ARGV[2] consumer   ARGV[3] "1" for a retry stream
-- ARGV[4..] per message: id, delivery count, delay ms, token "<stream>/<id>" of the original, failures, attempts (JSON)
-- Returns per message 1 moved, 0 not ours any more, -1 the entry itself is gone.
local function owned(id, count)
  local one = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2])
  return one[1] and one[1][4] == tonumber(count)
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local results = {}
for at = 4, #ARGV, 6 do
  local id = ARGV[at]
  if not owned(id, ARGV[at + 1]) then
    results[#results + 1] = 0
  else
    local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
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
      redis.call('HSET', KEYS[3], ARGV[at + 3], cmsgpack.pack(fields))
      redis.call('ZADD', KEYS[2], now + tonumber(ARGV[at + 2]), ARGV[at + 3])
    end
    redis.call('XACK', KEYS[1], ARGV[1], id)
    if ARGV[3] == '1' then redis.call('XDEL', KEYS[1], id) end
    results[#results + 1] = entry and 1 or -1
  end
end
if ARGV[3] ~= '1' then
  --@position
end
return results
