-- Changes places of the edge's table, all of them in one step, and tells the workers.
-- KEYS[1] table   KEYS[2] changes   ARGV: for each place its field, the value it must have ("": any) and the one it gets ("": none)
-- Returns {version, value before, value before, …}. The version is at least the time in milliseconds, so that it grows even when Redis
-- has lost what it had.
local before = { 0 }
local changed = false
for at = 1, #ARGV, 3 do
  local field, expected, wanted = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local now = redis.call('HGET', KEYS[1], field) or ''
  before[#before + 1] = now
  if now ~= wanted and (expected == '' or expected == now) then
    changed = true
    if wanted == '' then redis.call('HDEL', KEYS[1], field) else redis.call('HSET', KEYS[1], field, wanted) end
  end
end
local version = tonumber(redis.call('HGET', KEYS[1], 'version')) or 0
if changed then
  local time = redis.call('TIME')
  version = math.max(version + 1, tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
  local text = string.format('%.0f', version)
  redis.call('HSET', KEYS[1], 'version', text)
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', '1000', '*', 'version', text)
end
before[1] = version
return before
