-- What befell messages: one record and one count in the call that did it, so that no crash can part them. They come after the
-- settlement, because a full Redis lets a script write only after its first command that needs no memory; and they use pcall, because
-- nothing here may undo or hold up a settlement. The texts are told in redis/history-record.ts.
-- The stream is kept below 8 MiB and a week: about 75,000 messages settled one by one, or 400,000 in batches of 256.
local function trim(history)
  local used = redis.pcall('MEMORY', 'USAGE', history)
  local length = redis.pcall('XLEN', history)
  if type(length) ~= 'number' then return end
  -- A user who may not ask how large it is gets fewer records.
  local most = type(used) == 'number' and math.floor(length * 7340032 / math.max(used, 1)) or 5000
  if type(used) ~= 'number' or used > 8388608 then redis.pcall('XTRIM', history, 'MAXLEN', '~', most) end
  redis.pcall('XTRIM', history, 'MINID', '~', string.format('%.0f', redis.call('TIME')[1] * 1000 - 604800000))
end
local function remember(history, counts, many, act, group, ...)
  redis.pcall('XADD', history, '*', 'act', act, 'group', group, ...)
  local counter = (act == 'discarded' or act == 'expired') and act or (act .. ':' .. group)
  local sum = redis.pcall('HINCRBY', counts, counter, many)
  if type(sum) == 'number' and sum % 1024 < many then trim(history) end
end
