-- 4 below which number (empty: from the newest), 5 how many, 6 one list by name or empty,
-- 7 kind or family, 8 status: the newest jobs, in one order. Of those that are
-- pending or done perhaps others, too.
local below, n, status = ARGV[4] == '' and '+inf' or '(' .. ARGV[4], tonumber(ARGV[5]), ARGV[8]
local kinds, out = {}, {}
for _, kind in ipairs(call('SMEMBERS', P .. 'kinds')) do
  local family = string.sub(ARGV[7], -1) == '.' and string.sub(kind, 1, #ARGV[7]) == ARGV[7]
  if ARGV[7] == '' or kind == ARGV[7] or family then kinds[#kinds + 1] = kind end
end

local function newest_first(found)
  table.sort(found, function(a, b) return a[2] > b[2] end)
end

-- few gives all pending jobs, when there are not many: they have no list by number.
local function few()
  local found, all = {}, 0
  for _, kind in ipairs(kinds) do
    all = all + call('ZCARD', P .. 'due:' .. kind) + call('ZCARD', P .. 'behind:' .. kind)
  end
  if all > 1000 then return nil end
  for _, kind in ipairs(kinds) do
    for _, list in ipairs({ 'due:', 'behind:' }) do
      for _, id in ipairs(call('ZRANGE', P .. list .. kind, 0, -1)) do
        local j = call('HMGET', P .. 'job:' .. id, 's', 'q')
        local seq = tonumber(j[2])
        if j[1] == 'pending' and (ARGV[4] == '' or seq < tonumber(ARGV[4])) then found[#found + 1] = { id, seq } end
      end
    end
  end
  return found
end

-- merge gives the newest n of several lists.
local function merge(lists)
  local found, least = {}, '-inf'
  for _, list in ipairs(lists) do
    local r = call('ZREVRANGEBYSCORE', list, below, least, 'WITHSCORES', 'LIMIT', 0, n)
    for at = 1, #r, 2 do found[#found + 1] = { r[at], tonumber(r[at + 1]) } end
    if #found >= n and #r > 0 and #lists > 1 then
      newest_first(found)
      for at = n + 1, #found do found[at] = nil end
      least = num(found[n][2])
    end
  end
  return found
end

local found = ARGV[6] == '' and status == 'pending' and few()
if not found then
  local lists = {}
  if ARGV[6] ~= '' then
    lists[1] = P .. ARGV[6]
  else
    local own = status ~= '' and status ~= 'pending' and status ~= 'done'
    for _, kind in ipairs(kinds) do lists[#lists + 1] = P .. (own and 'list:' .. status .. ':' or 'kind:') .. kind end
  end
  found = merge(lists)
end
newest_first(found)
for i = 1, math.min(n, #found) do out[i] = row(found[i][1], 'k') end
return out
