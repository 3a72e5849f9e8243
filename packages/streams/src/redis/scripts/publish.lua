-- Appends one batch of messages; the same batch sent again is answered from memory and stored only once.
-- KEYS[1..4] lanes: critical, high, normal, low   KEYS[5] hash of this producer's last answers
-- ARGV[1] batch number   ARGV[2] seconds the answers are remembered
-- ARGV[3..] runs of messages alike: lane (1-4), count, arguments per message, event_type, service, then per message:
--   data, message_id, further field, value, …
-- Returns "<lane>:<first id> …": ids of one lane in one batch are consecutive: after the first,
-- each takes the same millisecond's next sequence (a server before 7.2 lets time go on inside a script).
-- Error FORGOTTEN: the answer was overwritten by a later batch.
local SLOTS = 64
local argv, call = ARGV, redis.call
local batch = tonumber(argv[1])
local slot = tostring(batch % SLOTS)
local known = call('HGET', KEYS[5], slot)
if known then
  local number, answer = string.match(known, '^(%d+) (.*)$')
  if number == argv[1] then
    -- A write, so that a WAIT behind it on a new connection waits for what the first call wrote.
    call('EXPIRE', KEYS[5], argv[2])
    return answer
  end
  if tonumber(number) > batch then return redis.error_reply('FORGOTTEN the answer to this batch is no longer remembered') end
end
local answer, form = {}, {}
local at, last = 3, #argv
while at <= last do
  local lane, count, width = tonumber(argv[at]), tonumber(argv[at + 1]), tonumber(argv[at + 2])
  local key, type, service = KEYS[lane], argv[at + 3], argv[at + 4]
  local stop = at + 5 + count * width
  for i = at + 5, stop - 1, width do
    local id
    if width == 2 then
      id = call('XADD', key, form[lane] or '*', 'event_type', type, 'service', service, 'data', argv[i], 'message_id', argv[i + 1])
    else
      id = call('XADD', key, form[lane] or '*', 'event_type', type, 'service', service, 'data', argv[i], 'message_id', argv[i + 1],
        unpack(argv, i + 2, i + width - 1))
    end
    if not form[lane] then
      form[lane] = string.match(id, '^%d+') .. '-*'
      answer[#answer + 1] = lane .. ':' .. id
    end
  end
  at = stop
end
local text = table.concat(answer, ' ')
call('HSET', KEYS[5], slot, argv[1] .. ' ' .. text)
call('EXPIRE', KEYS[5], argv[2])
return text
