-- 4 key, 5 version, 6 value, 7 how long it is kept in microseconds, 0 = for ever.
local key, ttl = P .. 'value:' .. ARGV[4], tonumber(ARGV[7])
local before = receipt()
if before then return { before } end
local v = call('HMGET', key, 'n', 'e')
local have = '0'
if v[1] and (v[2] == '0' or tonumber(v[2]) > tonumber(now)) then have = v[1] end
if ARGV[5] ~= '-1' and ARGV[5] ~= have then return { '0' } end
local version = num(call('INCR', P .. 'versions'))
local ends = ttl > 0 and num(tonumber(now) + ttl) or '0'
call('HSET', key, 'v', ARGV[6], 'n', version, 'e', ends)
if ttl > 0 then
  call('PEXPIRE', key, num(math.ceil(ttl / 1000) + 60000)) -- the field e says when it ends, this when it goes
elseif v[2] and v[2] ~= '0' then
  call('PERSIST', key)
end
leave_receipt(version)
return { version }
