-- The next retries of a group, without their contents.
-- KEYS[1] retries zset   KEYS[2] held hash   ARGV[1] at most this many
-- Returns {{token "<stream>/<id>", due ms, attempts (JSON)}, …}
local rows = {}
local due = redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1, 'WITHSCORES')
for at = 1, #due, 2 do
  local attempts = '[]'
  local packed = redis.call('HGET', KEYS[2], due[at])
  local fields = packed and cmsgpack.unpack(packed) or {}
  for i = 1, #fields, 2 do
    if fields[i] == '~attempts' then attempts = fields[i + 1] end
  end
  rows[#rows + 1] = { due[at], due[at + 1], attempts }
end
return rows
