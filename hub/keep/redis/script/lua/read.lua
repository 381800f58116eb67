-- 4 after which event, 5 how many, then topics, none = all. The first answer is from
-- where on nothing of these topics was forgotten.
local n, topics, found, horizon = tonumber(ARGV[5]), {}, {}, 0
if #ARGV > 5 then
  for i = 6, #ARGV do topics[#topics + 1] = ARGV[i] end
else
  topics = call('SMEMBERS', P .. 'topics')
end
local asked = {}
for _, topic in ipairs(topics) do
  if not asked[topic] then
    asked[topic] = true
    horizon = math.max(horizon, tonumber(call('HGET', P .. 'horizons', topic) or 0))
    if n > 0 then
      for _, e in ipairs(call('XRANGE', P .. 'events:' .. topic, '(' .. ARGV[4] .. '-0', '+', 'COUNT', n)) do
        local id = string.match(e[1], '^%d+')
        found[#found + 1] = { id, topic, e[2][2], e[2][4], e[2][6] }
      end
    end
  end
end
table.sort(found, function(a, b) return tonumber(a[1]) < tonumber(b[1]) end)
local out = { call('EXISTS', P .. 'last') == 1 and num(horizon + 1) or '0' }
for i = 1, math.min(n, #found) do out[i + 1] = found[i] end
return out
