-- Gives a dead letter back to the group that failed, with fresh attempts. Two replays at once move it once.
-- KEYS[1] dead letters   KEYS[2] retry stream of the group
-- ARGV[1] dead letter id   ARGV[2] group   ARGV[3] token "<stream>/<id>" of the original   ARGV[4..] names added when it died
-- Returns 1 replayed, 0 gone already.
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not entry then return 0 end
local added = {}
for at = 4, #ARGV do added[ARGV[at]] = true end
local fields = { '~origin', ARGV[3], '~attempts', '[]' }
local raw = entry[2]
for at = 1, #raw, 2 do
  local name, value = raw[at], raw[at + 1]
  if name == 'attempts' then
    fields[4] = value
  elseif string.sub(name, 1, 9) == 'original.' then
    fields[#fields + 1] = string.sub(name, 10)
    fields[#fields + 1] = value
  elseif not added[name] and name ~= 'retry_count' then
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
end
redis.pcall('XGROUP', 'CREATE', KEYS[2], ARGV[2], '0', 'MKSTREAM')
redis.call('XADD', KEYS[2], '*', unpack(fields))
redis.call('XDEL', KEYS[1], ARGV[1])
return 1
