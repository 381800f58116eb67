-- 4 id, 5 state, 6 note.
local id, job = ARGV[4], P .. 'job:' .. ARGV[4]
local j = call('HMGET', job, 'k', 's')
if not j[1] then return { 'none' } end
if receipt() then return { 'ok', row(id, 'p') } end
if j[2] ~= 'held' and not final[j[2]] then return { 'state' } end
call('ZREM', P .. 'behind:' .. j[1], id) -- allowed in a full store, and so is the rest
local fields = { 'u', now }
if ARGV[5] ~= '' then
  fields[#fields + 1] = 'st'
  fields[#fields + 1] = ARGV[5]
end
if ARGV[6] ~= '' then
  fields[#fields + 1] = 'n'
  fields[#fields + 1] = ARGV[6]
end
if final[j[2]] then
  fields[#fields + 1] = 'due'
  fields[#fields + 1] = now
  call('ZADD', P .. 'old:' .. j[1], now, id)
end
call('HSET', job, unpack(fields))
leave_receipt('1')
return { 'ok', row(id, 'p') }
