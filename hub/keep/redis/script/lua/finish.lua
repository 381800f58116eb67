-- 4 id, 5 fence, 6 next status, 7 due (+: from now on), 8 state, 9 note, 10 is 1 when there is a
-- result, 11 it, 12 the instant of the attempt (empty: when it was claimed), 13 its class, 14 it, 15 the
-- token of the claim, if known.
local id, job = ARGV[4], P .. 'job:' .. ARGV[4]
local j = call('HMGET', job, 'k', 'l', 'q', 's', 'f', 'b', 'ac', 'fo', 'co')
if not j[1] then return { 'none' } end
if j[8] == token then return { 'ok' } end -- the reply to an earlier try was lost
-- A replica that became the master may not have heard of a claim: then a fence is given twice.
local other = ARGV[15] ~= '' and j[9] ~= ARGV[15]
if j[4] ~= 'running' or j[5] ~= ARGV[5] or other then return { 'fence' } end

local kind, to, due, class = j[1], ARGV[6], ARGV[7], ARGV[13]
if due == '' or final[to] then due = now end
if string.sub(due, 1, 1) == '+' then due = num(tonumber(now) + tonumber(string.sub(due, 2))) end
-- The first write is one that a full store allows: what is done must be recorded.
call('ZREM', P .. 'list:running:' .. kind, id)
local fields = { 's', to, 'due', due, 'u', now, 'n', ARGV[9], 'fo', token, 'ac', class }
if ARGV[8] ~= '' then
  fields[#fields + 1] = 'st'
  fields[#fields + 1] = ARGV[8]
end
if ARGV[10] == '1' then
  fields[#fields + 1] = 'r'
  fields[#fields + 1] = ARGV[11]
end
call('HSET', job, unpack(fields))

local at = ARGV[12]
if at == '' then at = j[6] end
local tries = P .. 'tries:' .. id
if class == 'held' and j[7] == 'held' then
  call('LSET', tries, -1, at .. ' ' .. ARGV[14])
else
  call('RPUSH', tries, at .. ' ' .. ARGV[14])
  call('LTRIM', tries, -20, -1)
end
if class ~= 'held' then call('HINCRBY', job, 't', 1) end
move(id, kind, j[2], j[3], 'running', to, due)
return { 'ok' }
