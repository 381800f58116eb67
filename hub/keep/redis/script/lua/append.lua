-- 4 how many events of a topic are kept, 5 how long a key is known in microseconds,
-- then for each event: key, topic, name, instant, data.
local most, known_for = tonumber(ARGV[4]), tonumber(ARGV[5])

-- What an earlier try of this call has appended.
local out, receipts = {}, {}
local before = receipt()
if before then
  for id, at in string.gmatch(before, '(%d+) (-?%d+)') do out[#out + 1] = { id, at } end
  return out
end

-- trim makes room for one more event of a topic: one that talks much takes nothing
-- away from the others.
local function trim(topic)
  local stream = P .. 'events:' .. topic
  while call('XLEN', stream) >= most do
    local id = call('XRANGE', stream, '-', '+', 'COUNT', 1)[1][1]
    call('XDEL', stream, id)
    call('HSET', P .. 'horizons', topic, string.match(id, '^%d+'))
  end
end

local last
for i = 6, #ARGV, 5 do
  local key, topic, at = ARGV[i], ARGV[i + 1], ARGV[i + 3]
  if at == '' then at = now end
  local first
  local known = key ~= '' and call('GET', P .. 'event:' .. key)
  if known then
    local id, was, since = string.match(known, '^(%d+) (-?%d+) (%d+)$')
    if tonumber(since) + known_for > tonumber(now) then first = { id, was } end
  end
  if not first then
    local id = num(call('INCR', P .. 'last'))
    trim(topic)
    call('SADD', P .. 'topics', topic)
    call('XADD', P .. 'events:' .. topic, id .. '-0', 'n', ARGV[i + 2], 'a', at, 'd', ARGV[i + 4])
    if key ~= '' then
      call('SET', P .. 'event:' .. key, id .. ' ' .. at .. ' ' .. now, 'PX', num(known_for / 1000))
    end
    first, last = { id, at }, id
  end
  out[#out + 1] = first
  receipts[#receipts + 1] = first[1] .. ' ' .. first[2]
end
if last then leave_receipt(table.concat(receipts, '\n')) end
if last then call('PUBLISH', P .. 'wake:events', last) end
return out
