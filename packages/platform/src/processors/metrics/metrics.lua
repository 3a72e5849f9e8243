-- What one batch adds to the figures; see tally.ts. Behind the guard, so each entry is counted once.
-- KEYS[4…] keys   ARGV[7] JSON list, one object for each of them: expires (Unix seconds) and any of
--   add {field: by}   most, least {field: value}   bins {field: "<bin>:<count> …"}   visitors [address]
--   later, earlier {member: score}   vanished: field that grows by what the guard found missing
-- Returns 1
local function better(key, field, value, most)
  local had = tonumber(redis.call('HGET', key, field))
  local new = tonumber(value)
  if not had or (most and new > had) or (not most and new < had) then redis.call('HSET', key, field, value) end
end
local function merge(key, field, added)
  local had = redis.call('HGET', key, field)
  if not had then return redis.call('HSET', key, field, added) end
  local sums, order = {}, {}
  for _, text in ipairs({ had, added }) do
    for bin, count in string.gmatch(text, '(%d+):(%d+)') do
      if not sums[bin] then order[#order + 1] = bin end
      sums[bin] = (sums[bin] or 0) + tonumber(count)
    end
  end
  for at, bin in ipairs(order) do order[at] = bin .. ':' .. string.format('%.0f', sums[bin]) end
  redis.call('HSET', key, field, table.concat(order, ' '))
end
for index, work in ipairs(cjson.decode(ARGV[7])) do
  local key, touched = KEYS[3 + index], not work.vanished or vanished > 0
  for field, by in pairs(work.add or {}) do redis.call('HINCRBY', key, field, by) end
  for field, value in pairs(work.most or {}) do better(key, field, value, true) end
  for field, value in pairs(work.least or {}) do better(key, field, value, false) end
  for field, bins in pairs(work.bins or {}) do merge(key, field, bins) end
  for member, score in pairs(work.later or {}) do redis.call('ZADD', key, 'GT', score, member) end
  for member, score in pairs(work.earlier or {}) do redis.call('ZADD', key, 'LT', score, member) end
  if work.visitors then redis.call('PFADD', key, unpack(work.visitors)) end
  if work.vanished and vanished > 0 then redis.call('HINCRBY', key, work.vanished, vanished) end
  if touched then redis.call('EXPIREAT', key, work.expires) end
end
return 1
