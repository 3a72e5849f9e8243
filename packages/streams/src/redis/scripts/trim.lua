-- Removes what retention allows and every group has acknowledged, nothing else.
-- KEYS[1] stream   ARGV[1] entries to keep (0 = any number)   ARGV[2] ms to keep (0 = for ever)   ARGV[3] at most this many now
-- Returns how many were removed.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local function parts(id)
  local time, sequence = string.match(id, '^(%d+)-?(%d*)$')
  return tonumber(time), tonumber(sequence) or 0
end
local function before(a, b)
  local at, as = parts(a)
  local bt, bs = parts(b)
  return at < bt or (at == bt and as < bs)
end
local target = '0-0'
local length, keep = redis.call('XLEN', KEYS[1]), tonumber(ARGV[1])
if keep > 0 and length > keep then
  local excess = math.min(length - keep, tonumber(ARGV[3]))
  local head = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', excess + 1)
  target = head[#head][1]
end
if tonumber(ARGV[2]) > 0 then
  local time = redis.call('TIME')
  local oldest = string.format('%.0f-0', tonumber(time[1]) * 1000 - tonumber(ARGV[2]))
  if before(target, oldest) then target = oldest end
end
if target == '0-0' then return 0 end
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local floor = group[8]
  if group[6] > 0 then
    local first = redis.call('XPENDING', KEYS[1], group[2], '-', '+', 1)
    if first[1] then floor = first[1][1] end
  end
  if before(floor, target) then target = floor end
end
return redis.call('XTRIM', KEYS[1], 'MINID', target)
