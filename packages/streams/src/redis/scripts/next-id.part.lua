-- The smallest id after this one.
local function plus_one(digits)
  local head, nines = string.match(digits, '^(%d-)(9*)$')
  local last = string.sub(head, -1)
  local raised = last == '' and '1' or (string.sub(head, 1, -2) .. string.char(string.byte(last) + 1))
  return raised .. string.rep('0', #nines)
end
local function next_id(id)
  local time, sequence = id_halves(id)
  if time == '' then time = '0' end
  if sequence == '18446744073709551615' then return plus_one(time) .. '-0' end
  return time .. '-' .. plus_one(sequence == '' and '0' or sequence)
end
