-- 4 id, 5 action, 6 reason.
local id, action, job = ARGV[4], ARGV[5], P .. 'job:' .. ARGV[4]
local j = call('HMGET', job, 'k', 'l', 'q', 's', 'due')
local kind, from, to, due = j[1], j[4], nil, now
if not kind then return { 'none' } end
if receipt() then return { 'ok', row(id, 'p') } end

if action == 'release' and from == 'held' or action == 'retry' and final[from] or action == 'hurry' and from == 'pending' then
  to = 'pending'
elseif action == 'hold' and from == 'pending' then
  to, due = 'held', j[5]
elseif action == 'cancel' and (from == 'held' or from == 'pending') then
  to = 'cancelled'
else
  return { 'state' }
end
call('ZREM', P .. 'list:running:' .. kind, id) -- allowed in a full store, and so is the rest
call('HSET', job, 's', to, 'due', due, 'u', now, 'n', ARGV[6])
if to == 'pending' then call('HDEL', job, 't') end
move(id, kind, j[2], j[3], from, to, due)
leave_receipt('1')
return { 'ok', row(id, 'p') }
