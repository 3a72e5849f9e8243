-- Adds what a batch of entries means for the rules' windows. Behind the guard, so each entry counts once.
-- KEYS[4..] one hash per rule: subject → {t: {bucket start: entries}, met, latched, cleared, facts}
-- ARGV[7] JSON, per hash: {w: window ms, b: bucket ms, n: entries needed, latch: boolean, ttl: seconds, most: subjects}
-- ARGV[8] JSON, in the order of the entries: [index of the hash, subject, bucket start, at, entries, facts] to add, or
--   [index, subject, bucket start, at] to clear
-- Returns 1.
local rules, moves = cjson.decode(ARGV[7]), cjson.decode(ARGV[8])
local states, lengths, changed = {}, {}, {}
for index in ipairs(rules) do states[index] = {} end

-- What comes beyond the number of subjects counts as one more.
local function name(index, subject)
  local key = KEYS[3 + index]
  lengths[index] = lengths[index] or redis.call('HLEN', key)
  if states[index][subject] then return subject end
  local stored = redis.call('HGET', key, subject)
  if not stored and lengths[index] >= rules[index].most and subject ~= '(others)' then return name(index, '(others)') end
  if not stored then lengths[index] = lengths[index] + 1 end
  states[index][subject] = stored and cjson.decode(stored) or {t = {}}
  return subject
end

local function add(rule, window, bucket, at, count, facts)
  local slot = string.format('%.0f', bucket)
  window.t[slot] = (window.t[slot] or 0) + count
  local held = 0
  for start, n in pairs(window.t) do
    if tonumber(start) + rule.b <= at - rule.w then window.t[start] = nil else held = held + n end
  end
  window.facts = facts
  if held >= rule.n then
    window.met = math.max(window.met or 0, at)
    if rule.latch then window.latched = true end
  end
end

local function keep(index, subject, window)
  changed[index] = changed[index] or {}
  changed[index][subject] = window
end

for _, move in ipairs(moves) do
  local index, subject = move[1], move[2]
  if move[5] then
    subject = name(index, subject)
    local window = states[index][subject]
    add(rules[index], window, move[3], move[4], move[5], move[6])
    keep(index, subject, window)
  elseif states[index][subject] or redis.call('HEXISTS', KEYS[3 + index], subject) == 1 then
    local window = states[index][name(index, subject)]
    window.t, window.latched, window.cleared = {}, false, move[4]
    keep(index, subject, window)
  end
end
for index, subjects in pairs(changed) do
  for subject, window in pairs(subjects) do redis.call('HSET', KEYS[3 + index], subject, cjson.encode(window)) end
  redis.call('EXPIRE', KEYS[3 + index], rules[index].ttl)
end
return 1
