-- Keeps or forgets one rule, unless somebody else changed it meanwhile; windows of a condition that begins or ends start anew.
-- KEYS[1] hash of rules   KEYS[2] version of all   KEYS[3..] windows to forget
-- ARGV[1] id   ARGV[2] the version it is to have, or ""   ARGV[3] rule (JSON), or "" to forget it   ARGV[4] time (ms)
-- Returns the new version, 0 when the stored rule has another version than expected.
local stored = redis.call('HGET', KEYS[1], ARGV[1])
local version = stored and string.format('%.0f', cjson.decode(stored).version) or '0'
if ARGV[2] ~= '' and ARGV[2] ~= version then return 0 end
local next = redis.call('INCR', KEYS[2])
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  -- The caller's text ends with the brace of the object: a decoded one would lose which arrays are empty.
  redis.call('HSET', KEYS[1], ARGV[1], string.sub(ARGV[3], 1, -2) .. ',"version":' .. next .. ',"updated_at":' .. ARGV[4] .. '}')
end
for i = 3, #KEYS do redis.call('DEL', KEYS[i]) end
return next
