-- 4 key, 5 the period, 6 the step, in microseconds. What is refused costs no write.
local key, n, span, step = P .. 'rate:' .. ARGV[4], tonumber(now), tonumber(ARGV[5]), tonumber(ARGV[6])
local s = call('GET', key)
local stored = s and tonumber(s) or n
-- A clock that was set back must not shut anybody out for longer than a period.
local arrival = math.min(math.max(n, stored), n + span)
local over = arrival + step - n - span
if over <= 0 then arrival = arrival + step end
if over <= 0 or arrival < stored then
  call('SET', key, num(arrival), 'PX', num(math.ceil((arrival - n) / 1000) + 1000))
end
return { over <= 0 and '1' or '0', num(math.max(0, over)) }
