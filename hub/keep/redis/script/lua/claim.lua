-- 4 how many, 5 the lease in microseconds, then the kinds.
local n, till = tonumber(ARGV[4]), num(tonumber(now) + tonumber(ARGV[5]))
local out = {}

-- What an earlier try of this call has claimed is ours, unless it was taken over. Its
-- lease begins now. What is more than is asked for now is left to its lease.
local receipt_list = P .. 'did:' .. token
local before = call('LRANGE', receipt_list, 0, -1)
if #before > 0 then
  for _, id in ipairs(before) do
    local job = P .. 'job:' .. id
    local j = call('HMGET', job, 's', 'co', 'k')
    if j[1] == 'running' and j[2] == token and #out < n then
      call('ZREM', P .. 'behind:' .. j[3], id) -- allowed in a full store, and so is the rest
      call('ZADD', P .. 'due:' .. j[3], till, id)
      call('HSET', job, 'due', till, 'u', now)
      out[#out + 1] = row(id, 'p')
    end
  end
  return out
end

local due, known, ids = {}, {}, {}
for i = 6, #ARGV do
  local kind = ARGV[i]
  if not known[kind] then
    known[kind] = true
    local r = call('ZRANGEBYSCORE', P .. 'due:' .. kind, '-inf', now, 'WITHSCORES', 'LIMIT', 0, n)
    for at = 1, #r, 2 do due[#due + 1] = { r[at], tonumber(r[at + 1]), kind } end
  end
end
table.sort(due, function(a, b)
  if a[2] ~= b[2] then return a[2] < b[2] end
  return a[1] < b[1]
end)

-- More than the first job is only handed out as long as all can be handed over in
-- a moment.
local bytes, most = 0, 8 * 1024 * 1024
for i = 1, math.min(n, #due) do
  local id, kind = due[i][1], due[i][3]
  local job = P .. 'job:' .. id
  local j = call('HMGET', job, 's', 'l', 'q', 'b')
  bytes = bytes + call('HSTRLEN', job, 'p')
  if i > 1 and bytes > most then
    call('PUBLISH', P .. 'wake:jobs', kind) -- there is more, and fewer were given than asked for
    break
  end
  -- The first write is one that a full store allows: work goes on, so that there is room again.
  call('ZREM', P .. 'behind:' .. kind, id)
  if not j[1] then
    call('ZREM', P .. 'due:' .. kind, id) -- somebody has deleted the job by hand
  else
    if j[1] == 'running' then
      local took = num(1000 * math.max(0, tonumber(now) - tonumber(j[4])))
      call('RPUSH', P .. 'tries:' .. id, j[4] .. ' {"class":"lost","took":' .. took .. '}')
      call('LTRIM', P .. 'tries:' .. id, -20, -1)
      call('HINCRBY', job, 't', 1)
      call('HSET', job, 'ac', 'lost')
    else
      call('ZADD', P .. 'list:running:' .. kind, j[3], id)
      if j[2] then call('ZREM', P .. 'lane:' .. j[2], id) end
    end
    call('ZADD', P .. 'due:' .. kind, till, id)
    call('HINCRBY', job, 'f', 1)
    call('HSET', job, 's', 'running', 'due', till, 'u', now, 'b', now, 'co', token)
    ids[#ids + 1] = id
    out[#out + 1] = row(id, 'p')
  end
end
if #ids > 0 then
  call('RPUSH', receipt_list, unpack(ids))
  call('PEXPIRE', receipt_list, 60000)
end
return out
