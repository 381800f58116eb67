-- 4 how old an event may be, 5 a record of the audit, in microseconds: deletes what
-- is older, of the events never the newest. At most a few hundred, so that nobody waits long.
local events_before, audit_before = tonumber(now) - tonumber(ARGV[4]), tonumber(now) - tonumber(ARGV[5])
local last = call('GET', P .. 'last')
for _, topic in ipairs(call('SMEMBERS', P .. 'topics')) do
  local stream = P .. 'events:' .. topic
  for _, e in ipairs(call('XRANGE', stream, '-', '+', 'COUNT', 200)) do
    local id = string.match(e[1], '^%d+')
    if tonumber(e[2][4]) >= events_before or id == last then break end
    call('XDEL', stream, e[1])
    call('HSET', P .. 'horizons', topic, id)
  end
end
for _, e in ipairs(call('XRANGE', P .. 'audit', '-', '+', 'COUNT', 200)) do
  if tonumber(e[2][4]) >= audit_before then break end
  call('XDEL', P .. 'audit', e[1])
end
return { 'ok' }
