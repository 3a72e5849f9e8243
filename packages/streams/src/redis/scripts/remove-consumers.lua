-- Removes consumers that hold nothing; check and removal in one step, because removing one with pending entries loses them.
-- KEYS[1] stream   ARGV[1] group   ARGV[2] name to remove, or "" for every one idle longer than   ARGV[3] ms
-- Returns how many were removed.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if consumers.err then return 0 end
local removed = 0
for _, consumer in ipairs(consumers) do
  local name, pending, idle = consumer[2], consumer[4], consumer[6]
  local wanted = ARGV[2] == name or (ARGV[2] == '' and idle > tonumber(ARGV[3]))
  if pending == 0 and wanted then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], name)
    removed = removed + 1
  end
end
return removed
