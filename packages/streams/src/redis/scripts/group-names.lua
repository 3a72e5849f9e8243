-- Every group a topic has or had: on any lane, or with a sign of life.
-- KEYS[1..n-1] lanes   KEYS[n] group signs
-- Returns their names.
local names, seen = {}, {}
local function add(name)
  if not seen[name] then
    seen[name] = true
    names[#names + 1] = name
  end
end
for lane = 1, #KEYS - 1 do
  if redis.call('EXISTS', KEYS[lane]) == 1 then
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[lane])) do add(group[2]) end
  end
end
local signs = redis.call('HGETALL', KEYS[#KEYS])
for at = 1, #signs, 2 do add(signs[at]) end
return names
