-- Gives a dead letter back to the group that failed, with fresh attempts. Two replays at once move it once. As a step of a job it
-- also writes the job's cursor, so that no crash can part the two.
-- KEYS[1] dead letters   KEYS[2] index   KEYS[3] zset of its kind   KEYS[4] retry stream of the group
-- KEYS[5] history   KEYS[6] counts   KEYS[7] job (only as its step)
-- ARGV[1] dead letter id   ARGV[2] group, "" if nobody knows it: then it stays   ARGV[3] token "<stream>/<id>" of the original
-- ARGV[4] signature   ARGV[5] description of the kind
-- ARGV[6] fence of the job's lease   ARGV[7] the job's cursor before this step   ARGV[8] ms the lease is extended by
-- ARGV[9] what it is about   ARGV[10] who does it
-- ARGV[11] number n of changed fields   then n times name, value ("" leaves it out)   the rest: names added when it died
-- Returns 1 replayed, 0 gone already or no group, -1 the job is not ours (any more), -2 its cursor is elsewhere.
--@kind
--@history
local job = KEYS[7]
if job then
  local held = redis.call('HMGET', job, 'state', 'fence', 'cursor')
  if held[1] ~= 'running' or held[2] ~= ARGV[6] then return -1 end
  if held[3] ~= ARGV[7] then return -2 end
end
local known = ARGV[2] ~= ''
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if entry and known then
  local edits = tonumber(ARGV[11])
  local left_out, fields = { retry_count = true }, { '~origin', ARGV[3], '~attempts', '[]' }
  for at = 12, 11 + 2 * edits, 2 do
    left_out[ARGV[at]] = true
    if ARGV[at + 1] ~= '' then
      fields[#fields + 1] = ARGV[at]
      fields[#fields + 1] = ARGV[at + 1]
    end
  end
  local added = {}
  for at = 12 + 2 * edits, #ARGV do added[ARGV[at]] = true end
  local raw = entry[2]
  for at = 1, #raw, 2 do
    local name, value = raw[at], raw[at + 1]
    if name == 'attempts' then
      fields[4] = value
    elseif not added[name] then
      if string.sub(name, 1, 9) == 'original.' then name = string.sub(name, 10) end
      if not left_out[name] then
        fields[#fields + 1] = name
        fields[#fields + 1] = value
      end
    end
  end
  redis.pcall('XGROUP', 'CREATE', KEYS[4], ARGV[2], '0', 'MKSTREAM')
  redis.call('XADD', KEYS[4], '*', unpack(fields))
  redis.call('XDEL', KEYS[1], ARGV[1])
end
if known or not entry then
  redis.call('ZREM', KEYS[3], ARGV[1])
  recount(KEYS[2], KEYS[3], ARGV[4], ARGV[5])
end
local moved = entry and known
if job then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  redis.call('HSET', job, 'cursor', ARGV[1], 'updated_at', now, 'lease', now + tonumber(ARGV[8]))
  redis.call('HINCRBY', job, moved and 'replayed' or 'skipped', 1)
end
if moved then remember(KEYS[5], KEYS[6], 1, 'replayed', ARGV[2], 'by', ARGV[10], 'ids', ARGV[9], 'more', ARGV[1]) end
return moved and 1 or 0
