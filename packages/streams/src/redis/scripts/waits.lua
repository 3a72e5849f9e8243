-- One message in a group's waiting room.
-- KEYS[1] retries zset   KEYS[2] held hash   ARGV[1] token "<stream>/<id>" of the original
-- Returns {due ms, attempts (JSON)}, or nothing when it does not wait.
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not due then return nil end
local packed = redis.call('HGET', KEYS[2], ARGV[1])
local fields = packed and cmsgpack.unpack(packed) or {}
for at = 1, #fields, 2 do
  if fields[at] == '~attempts' then return { due, fields[at + 1] } end
end
return { due, '[]' }
