-- Acknowledges a firing alert, or takes it back.
-- KEYS[1] hash of alerts   KEYS[2] hash of acknowledgements   ARGV[1] alert id   ARGV[2] who and when (JSON), "" to take it back
-- Returns the state of the alert, "" when there is none; changes nothing unless it is firing.
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if not stored then return '' end
local state = cjson.decode(stored).state
if state ~= 'firing' then return state end
if ARGV[2] == '' then redis.call('HDEL', KEYS[2], ARGV[1]) else redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end
return state
