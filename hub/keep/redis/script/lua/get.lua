-- 4 key.
local v = call('HMGET', P .. 'value:' .. ARGV[4], 'v', 'n', 'e')
if not v[2] or v[3] ~= '0' and tonumber(v[3]) <= tonumber(now) then return {} end
return { v[1], v[2] }
