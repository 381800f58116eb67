-- 4 id, 5 fence, 6 the lease in microseconds, 7 the token of the claim, if known.
local id, job = ARGV[4], P .. 'job:' .. ARGV[4]
local j = call('HMGET', job, 'k', 's', 'f', 'co')
if not j[1] then return { 'none' } end
-- A replica that became the master may not have heard of a claim: then a fence is given twice.
local other = ARGV[7] ~= '' and j[4] ~= ARGV[7]
if j[2] ~= 'running' or j[3] ~= ARGV[5] or other then return { 'fence' } end
local till = num(tonumber(now) + tonumber(ARGV[6]))
call('ZREM', P .. 'behind:' .. j[1], id) -- allowed in a full store, and so is the rest
call('ZADD', P .. 'due:' .. j[1], till, id)
call('HSET', job, 'due', till, 'u', now)
return { 'ok' }
