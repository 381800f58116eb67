-- 4 id, 5 kind, 6 lane, 7 key, 8 status, 9 due, 10 customer, 11 name, 12 whose the id
-- is (ours, callers or resent, as queue.go says); then the fields of the job.
local ours, callers = '0', '1' -- resent = '2' is what is neither
local id, kind, lane, key, status, due = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
if due == '' then due = now end
local job = P .. 'job:' .. id

-- The job may be there: by an earlier try of this very call, or somebody has the id.
if (key == '' or again or ARGV[12] ~= ours) and call('EXISTS', job) == 1 then
  local known = key ~= '' and call('HGET', P .. 'keys:' .. kind, key)
  local j = call('HMGET', job, 'w', 'due', 'c')
  if (not known or known == id) and (ARGV[12] ~= callers or j[1] == token) then return { 1, j[2], j[3] } end
  if not known then return { 2 } end
end

if key ~= '' and call('HSETNX', P .. 'keys:' .. kind, key, id) == 0 then
  local known = call('HGET', P .. 'keys:' .. kind, key)
  job = P .. 'job:' .. known
  local j = call('HMGET', job, 's', 'o', 'due', 'c')
  if known == id and ARGV[12] ~= callers then return { 1, j[3], j[4] } end
  if j[2] ~= token then
    call('HINCRBY', job, 'x', 1)
    call('HSET', job, 'u', now, 'o', token)
    if j[1] == 'done' or j[1] == 'dead' or j[1] == 'cancelled' then
      call('HSET', job, 'due', now)
      call('ZADD', P .. 'old:' .. kind, now, known)
    end
  end
  return { 0, row(known, 'p') }
end

local seq = call('INCR', P .. 'seq')
call('HSET', job, 's', status, 'due', due, 'q', seq, 'c', now, unpack(ARGV, 13))
call('ZADD', P .. 'kind:' .. kind, seq, id)
call('SADD', P .. 'kinds', kind)
if ARGV[10] ~= '' then call('ZADD', P .. 'customer:' .. ARGV[10], seq, id) end
if ARGV[11] ~= '' then call('ZADD', P .. 'name:' .. ARGV[11], seq, id) end
if lane ~= '' then call('ZADD', P .. 'history:' .. lane, seq, id) end
if status == 'held' then
  call('ZADD', P .. 'list:held:' .. kind, seq, id)
elseif lane == '' or call('HSETNX', P .. 'heads', lane, id) == 1 then
  if lane ~= '' then call('ZADD', P .. 'lane:' .. lane, seq, id) end
  call('ZADD', P .. 'due:' .. kind, due, id)
  ring(kind, due)
else
  call('ZADD', P .. 'lane:' .. lane, seq, id)
  call('ZADD', P .. 'behind:' .. kind, due, id)
end
return { 1, due, now }
