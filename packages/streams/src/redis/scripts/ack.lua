-- Acknowledges what is still ours. A fence is (consumer, delivery count); an entry claimed by somebody else is refused.
-- KEYS[1] stream   KEYS[2] history   KEYS[3] counts   KEYS[4] position hash
-- ARGV[1] group   ARGV[2] consumer   ARGV[3] "1" for a retry stream (settled entries are removed)
-- ARGV[4] generation   ARGV[5] delivery count of all   ARGV[6] ids, ascending, with a space between
-- ARGV[7] lane, or for a retry stream "<stream>/<id>" of each original   ARGV[8] ages   ARGV[9] attempts
-- Returns the refused ids.
--@history
--@generation
local count, ids, wanted = tonumber(ARGV[5]), {}, 0
for id in string.gmatch(ARGV[6], '%S+') do
  wanted = wanted + 1
  ids[wanted] = id
end
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ids[1], ids[wanted], wanted + 128, ARGV[2])
local all = #pending == wanted
for at = 1, all and wanted or 0 do
  local row = pending[at]
  if row[4] ~= count or row[1] ~= ids[at] then all = false break end
end
local good, refused, places = ids, {}, {}
if not all then
  good = {}
  local mine = {}
  for at = 1, #pending do mine[pending[at][1]] = pending[at][4] end
  for at = 1, wanted do
    local id = ids[at]
    local found = mine[id]
    if found == nil and #pending == wanted + 128 then
      local one = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2])
      found = one[1] and one[1][4]
    end
    if found == count then
      good[#good + 1] = id
    else
      refused[#refused + 1] = id
      places[#places + 1] = at
    end
  end
  if #good == 0 then return refused end
end
redis.call('XACK', KEYS[1], ARGV[1], unpack(good))
if ARGV[3] == '1' then
  redis.call('XDEL', KEYS[1], unpack(good))
else
  --@position
end
local about = ARGV[3] == '1' and ARGV[7] or (ARGV[7] .. ' ' .. ARGV[6])
local lost = table.concat(places, ' ')
remember(KEYS[2], KEYS[3], #good, 'acked', ARGV[1], 'by', ARGV[2], 'ids', about, 'ages', ARGV[8], 'tries', ARGV[9], 'refused', lost)
return refused
