-- Appends one batch of messages; the same batch sent again is answered from memory and stored only once.
-- KEYS[1..4] lanes: critical, high, normal, low   KEYS[5] hash of this producer's last answers
-- ARGV[1] batch number   ARGV[2] seconds the answers are remembered
-- ARGV[3..] per message: lane (1-4), number of field arguments, field, value, …
-- Returns "<lane>:<first id> …": ids of one lane in one batch are consecutive: after the first,
-- each takes the same millisecond's next sequence (a server before 7.2 lets time go on inside a script).
-- Error FORGOTTEN: the answer was overwritten by a later batch.
local SLOTS = 64
local batch = tonumber(ARGV[1])
local slot = tostring(batch % SLOTS)
local known = redis.call('HGET', KEYS[5], slot)
if known then
  local number, answer = string.match(known, '^(%d+) (.*)$')
  if number == ARGV[1] then return answer end
  if tonumber(number) > batch then return redis.error_reply('FORGOTTEN the answer to this batch is no longer remembered') end
end
local answer, form = {}, {}
local at, last = 3, #ARGV
while at <= last do
  local lane, count = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local id = redis.call('XADD', KEYS[lane], form[lane] or '*', unpack(ARGV, at + 2, at + 1 + count))
  if not form[lane] then
    form[lane] = string.match(id, '^%d+') .. '-*'
    answer[#answer + 1] = lane .. ':' .. id
  end
  at = at + 2 + count
end
local text = table.concat(answer, ' ')
redis.call('HSET', KEYS[5], slot, ARGV[1] .. ' ' .. text)
redis.call('EXPIRE', KEYS[5], ARGV[2])
return text
