-- The newest ids of each value below a bound.
-- KEYS[1], KEYS[2] postings of one hour and field
-- ARGV[1] bound, or -1 for none   ARGV[2] at most so many of each   ARGV[3..] values
-- Returns one text of ids per value, oldest first.
local bound, most, found = tonumber(ARGV[1]), tonumber(ARGV[2]), {}
for at = 3, #ARGV do
  local last, tail, text = texts(KEYS[1], KEYS[2], ARGV[at])
  local place, to = last, #tail / ID
  if bound >= 0 then place, to = find(last, text, bound) end
  local parts, left = {}, most
  while left > 0 and place >= 0 do
    local take = math.min(left, to)
    table.insert(parts, 1, string.sub(text(place), (to - take) * ID + 1, to * ID))
    left, place, to = left - take, place - 1, FULL
  end
  found[#found + 1] = table.concat(parts)
end
return found
