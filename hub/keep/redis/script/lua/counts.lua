-- oldest finds how long the oldest pending job of a kind is due.
local function oldest(kind)
  local least = call('ZRANGE', P .. 'behind:' .. kind, 0, 0, 'WITHSCORES')[2]
  for from = 0, 10000, 50 do
    local r = call('ZRANGE', P .. 'due:' .. kind, from, from + 49, 'WITHSCORES')
    for at = 1, #r, 2 do
      if least and tonumber(least) <= tonumber(r[at + 1]) then return least end
      if call('HGET', P .. 'job:' .. r[at], 's') == 'pending' then return r[at + 1] end
    end
    if #r < 100 then break end
  end
  return least or now
end

local out = {}
for _, kind in ipairs(call('SMEMBERS', P .. 'kinds')) do
  local n, listed = {}, 0
  for _, status in ipairs({ 'held', 'running', 'dead', 'cancelled' }) do
    n[status] = call('ZCARD', P .. 'list:' .. status .. ':' .. kind)
    listed = listed + n[status]
  end
  n.pending = call('ZCARD', P .. 'due:' .. kind) + call('ZCARD', P .. 'behind:' .. kind) - n.running
  n.done = call('ZCARD', P .. 'kind:' .. kind) - listed - n.pending
  for _, status in ipairs({ 'held', 'pending', 'running', 'done', 'dead', 'cancelled' }) do
    local wait = 0
    if n[status] > 0 and status == 'pending' then wait = math.max(0, tonumber(now) - tonumber(oldest(kind))) end
    if n[status] > 0 then out[#out + 1] = { kind, status, n[status], num(wait) } end
  end
end
return out
