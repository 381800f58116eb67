-- 4 kind (empty: all), 5 before, 6 how many. Only deletes, so a full store allows it.
local left, gone = tonumber(ARGV[6]), 0
local kinds = { ARGV[4] }
if ARGV[4] == '' then kinds = call('SMEMBERS', P .. 'kinds') end
for _, kind in ipairs(kinds) do
  if left <= 0 then break end
  for _, id in ipairs(call('ZRANGEBYSCORE', P .. 'old:' .. kind, '-inf', '(' .. ARGV[5], 'LIMIT', 0, left)) do
    local job = P .. 'job:' .. id
    local j = call('HMGET', job, 's', 'l', 'd', 'cu', 'nm')
    if j[3] and call('HGET', P .. 'keys:' .. kind, j[3]) == id then call('HDEL', P .. 'keys:' .. kind, j[3]) end
    if j[2] then call('ZREM', P .. 'history:' .. j[2], id) end
    if j[4] then call('ZREM', P .. 'customer:' .. j[4], id) end
    if j[5] then call('ZREM', P .. 'name:' .. j[5], id) end
    if j[1] and j[1] ~= 'done' then call('ZREM', P .. 'list:' .. j[1] .. ':' .. kind, id) end
    call('ZREM', P .. 'old:' .. kind, id)
    call('ZREM', P .. 'kind:' .. kind, id)
    call('UNLINK', job, P .. 'tries:' .. id)
    left, gone = left - 1, gone + 1
  end
end
return { gone }
