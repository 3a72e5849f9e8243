-- Stores spans of one trace: new ones, or ones stored as running that have ended. A span that is there already stays as it is.
-- Fields of the trace's hash: `~start` `~end` (ms), `~score` (its place in the indexes), `~operation` `~component` `~named` ("<1 for a
-- span without parent> <start>" of the span that gave both), `~status`, `~spans` `~open` `~errors` `~interrupted` `~dropped` (counts),
-- `~indexes` (those it is in, one a line, all and status left out); all others are spans by id.
-- KEYS[1] trace   KEYS[2] index of all traces   KEYS[3] processes with running spans   KEYS[4] running spans of this process
-- ARGV[1] trace id   ARGV[2] prefix of telemetry keys: indexes and evicted traces are named by it   ARGV[3] process
-- ARGV[4] seconds it is kept   ARGV[5] most traces   ARGV[6] most spans of a trace
-- ARGV[7] start of the trace's first span here, ARGV[8] its name, ARGV[9] its component, ARGV[10] "1" when it has no parent
-- ARGV[11] number n of indexes   then n names   then per span: id, state (open|ok|error|interrupted), start, end, JSON
-- Returns the number of spans that were stored or had been.
--@trace-status
local trace, all, id, prefix, ttl = KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local had = redis.call('HMGET', trace, '~start', '~end', '~score', '~named', '~status', '~spans', '~open', '~errors', '~interrupted', '~dropped', '~indexes')
local start, last, score, named, status = had[1], had[2], had[3], had[4], had[5]
local spans, open, errors = tonumber(had[6] or 0), tonumber(had[7] or 0), tonumber(had[8] or 0)
local interrupted, dropped = tonumber(had[9] or 0), tonumber(had[10] or 0)
local n = tonumber(ARGV[11])

local ids = {}
for at = 12 + n, #ARGV, 5 do ids[#ids + 1] = ARGV[at] end
local before = redis.call('HMGET', trace, unpack(ids))
local fields, stored, seen = {}, 0, {}
for at = 12 + n, #ARGV, 5 do
  local span, state, begun, ended, json = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local old = seen[span] or before[(at - 12 - n) / 5 + 1]
  local was = old and (string.sub(old, 1, 14) == '{"status":null' and 'open' or string.sub(old, 1, 22) == '{"status":"interrupted' and 'interrupted' or 'ended')
  if old or spans < tonumber(ARGV[6]) then
    stored = stored + 1
    if not old or (was ~= 'ended' and state ~= 'open' and was ~= state) then
      if not old then spans = spans + 1 end
      if was == 'open' then
        open = open - 1
        redis.call('ZREM', KEYS[4], id .. '/' .. span)
      elseif was == 'interrupted' then
        interrupted = interrupted - 1
      end
      if state == 'open' then
        open = open + 1
        redis.call('ZADD', KEYS[4], begun, id .. '/' .. span)
        redis.call('EXPIRE', KEYS[4], ttl)
        redis.call('ZADD', KEYS[3], now + tonumber(string.match(ARGV[3], '%d+$')), ARGV[3])
      elseif state == 'interrupted' then
        interrupted = interrupted + 1
      elseif state == 'error' then
        errors = errors + 1
      end
      seen[span] = json
      fields[#fields + 1] = span
      fields[#fields + 1] = json
      if not start or tonumber(begun) < tonumber(start) then start = begun end
      if not last or tonumber(ended) > tonumber(last) then last = ended end
    end
  else
    dropped = dropped + 1
  end
end

if not start or tonumber(ARGV[7]) < tonumber(start) then start = ARGV[7] end
local root, since = string.match(named or '', '^(%d) (.*)$')
if not root or ARGV[10] > root or (ARGV[10] == root and tonumber(ARGV[7]) < tonumber(since)) then
  redis.call('HSET', trace, '~operation', ARGV[8], '~component', ARGV[9], '~named', ARGV[10] .. ' ' .. ARGV[7])
end

local known, list = {}, {}
for name in string.gmatch(had[11] or '', '[^\n]+') do
  known[name] = true
  list[#list + 1] = name
end
local moved = score and tonumber(start) < tonumber(score)
if moved or not score then
  score = start
  redis.call('ZADD', all, score, id)
  if moved then
    for at = 1, #list do redis.call('ZADD', prefix .. 'traces:' .. list[at], score, id) end
    redis.call('ZADD', prefix .. 'traces:status:' .. status, score, id)
  end
end
redis.call('EXPIRE', all, ttl)

-- What is evicted leaves its indexes at once, what expires when somebody next writes to them.
redis.call('ZREMRANGEBYSCORE', all, '-inf', now - ttl * 1000)
for _ = 1, math.min(16, redis.call('ZCARD', all) - tonumber(ARGV[5])) do
  local victim = redis.call('ZPOPMIN', all)[1]
  local key = prefix .. 'trace:' .. victim
  local old = redis.call('HMGET', key, '~indexes', '~status')
  for name in string.gmatch(old[1] or '', '[^\n]+') do redis.call('ZREM', prefix .. 'traces:' .. name, victim) end
  if old[2] then redis.call('ZREM', prefix .. 'traces:status:' .. old[2], victim) end
  redis.call('DEL', key)
  if victim == id then return 0 end
end
for at = 12, 11 + n do
  local key = prefix .. 'traces:' .. ARGV[at]
  if not known[ARGV[at]] and #list < 256 then
    list[#list + 1] = ARGV[at]
    redis.call('ZADD', key, score, id)
  end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - ttl * 1000)
  redis.call('EXPIRE', key, ttl)
end

if #fields > 0 then redis.call('HSET', trace, unpack(fields)) end
redis.call('HSET', trace, '~start', start, '~end', last or start, '~score', score, '~spans', spans, '~dropped', dropped, '~indexes', table.concat(list, '\n'))
settle(trace, id, score, prefix, ttl, open, interrupted, errors, status or nil)
redis.call('EXPIRE', trace, ttl)
return stored
