-- 4 the dedupe key: its jobs of all kinds.
local out = {}
for _, kind in ipairs(call('SMEMBERS', P .. 'kinds')) do
  local id = call('HGET', P .. 'keys:' .. kind, ARGV[4])
  if id then out[#out + 1] = row(id, 'k') end
end
return out
