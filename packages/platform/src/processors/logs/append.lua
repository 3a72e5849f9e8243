-- The effect of one batch, behind the guard: postings are appended, counters raised. Many fields of a hash are read and written in one
-- command each: in a script the commands cost more than what they do.
-- KEYS[4] zset of hours with postings; KEYS[5..] what the document names by number
-- ARGV[7] JSON: hours [ms]; keep: seconds of the postings;
--   postings [[key, value, ids, value, ids, …]] (the full texts are in the key after it; postings.part.lua says how they are laid out);
--   counters [[key, seconds, field, by, field, by, …]];
--   tables [[key, seconds, most names, name, entries, errors, {bucket: by}, …]];
--   visitors [[key, seconds, key of the table that must have the host, or 0, host, address, …]]
local ID, FULL = 8, 1024
-- Lua puts all arguments of a call on its stack, which holds 8,000.
local MOST = 2000
local batch = cjson.decode(ARGV[7])

for _, hour in ipairs(batch.hours) do redis.call('ZADD', KEYS[4], hour, hour) end

local function read(key, fields)
  local values = {}
  for from = 1, #fields, MOST do
    local some = redis.call('HMGET', key, unpack(fields, from, math.min(from + MOST - 1, #fields)))
    for at = 1, #some do values[from + at - 1] = some[at] end
  end
  return values
end

local function write(key, pairs)
  for from = 1, #pairs, MOST do redis.call('HSET', key, unpack(pairs, from, math.min(from + MOST - 1, #pairs))) end
end

-- Texts that are full move to the other hash; answers the rest.
local function fill(newest, full, value, tail)
  while #tail >= ID * FULL do
    local last = redis.call('HINCRBY', newest, '#' .. value, 1) - 1
    redis.call('HSET', full, last .. '#' .. value, string.sub(tail, 1, ID * FULL))
    redis.call('EXPIRE', full, batch.keep)
    tail = string.sub(tail, ID * FULL + 1)
  end
  return tail
end

for _, list in ipairs(batch.postings) do
  local newest, fields = KEYS[list[1]], {}
  for at = 2, #list, 2 do fields[#fields + 1] = '=' .. list[at] end
  local tails, changed = read(newest, fields), {}
  for n, field in ipairs(fields) do
    changed[#changed + 1] = field
    changed[#changed + 1] = fill(newest, KEYS[list[1] + 1], list[n * 2], (tails[n] or '') .. list[n * 2 + 1])
  end
  write(newest, changed)
  redis.call('EXPIRE', newest, batch.keep)
end

local function raise(key, seconds, fields, by)
  local values, changed = read(key, fields), {}
  for n, field in ipairs(fields) do
    changed[#changed + 1] = field
    changed[#changed + 1] = string.format('%.0f', (values[n] or 0) + by[n])
  end
  write(key, changed)
  redis.call('EXPIRE', key, seconds)
end

for _, list in ipairs(batch.counters) do
  local fields, by = {}, {}
  for at = 3, #list, 2 do
    fields[#fields + 1] = list[at]
    by[#by + 1] = list[at + 1]
  end
  raise(KEYS[list[1]], list[2], fields, by)
end

-- Names come from strangers (paths, hosts): beyond so many of one slot the others share a row.
local function admitted(key, most, list)
  local rows, names = {}, {}
  for at = 4, #list, 4 do rows[#rows + 1] = '=' .. list[at] end
  local known, count = read(key, rows), tonumber(redis.call('HGET', key, '#') or '0')
  local before = count
  for n, row in ipairs(rows) do
    names[n] = string.sub(row, 2)
    if not known[n] then
      if count < most then count = count + 1 else names[n] = '(other)' end
    end
  end
  if count > before then redis.call('HSET', key, '#', count) end
  return names
end

for _, list in ipairs(batch.tables) do
  local key, fields, by, place = KEYS[list[1]], {}, {}, {}
  local function add(field, amount)
    if not place[field] then
      fields[#fields + 1] = field
      place[field] = #fields
    end
    by[place[field]] = (by[place[field]] or 0) + amount
  end
  for n, name in ipairs(admitted(key, list[3], list)) do
    local at = n * 4
    add('=' .. name, list[at + 1])
    if list[at + 2] > 0 then add('!' .. name, list[at + 2]) end
    for bucket, amount in pairs(list[at + 3]) do add(bucket .. '@' .. name, amount) end
  end
  raise(key, list[2], fields, by)
end

for _, list in ipairs(batch.visitors) do
  if list[3] == 0 or redis.call('HEXISTS', KEYS[list[3]], '=' .. list[4]) == 1 then
    for from = 5, #list, MOST do redis.call('PFADD', KEYS[list[1]], unpack(list, from, math.min(from + MOST - 1, #list))) end
    redis.call('EXPIRE', KEYS[list[1]], list[2])
  end
end
return 1
