-- Few jobs are in a status of these; they have a list of their own.
local listed = { held = true, running = true, dead = true, cancelled = true }
local final = { done = true, dead = true, cancelled = true }

-- head puts the right job at the head of a lane: the one that runs, else the
-- pending one that was put first. Only a head stands among the due ones.
local head
function head(lane)
  local first = call('ZRANGE', P .. 'lane:' .. lane, 0, 0)[1]
  if not first then return end
  local at = call('HGET', P .. 'heads', lane)
  local j = call('HMGET', P .. 'job:' .. first, 'k', 'due', 'q')
  if not j[1] then -- somebody has deleted the job by hand
    call('ZREM', P .. 'lane:' .. lane, first)
    return head(lane)
  end
  if at and call('EXISTS', P .. 'job:' .. at) == 1 then
    local c = call('HMGET', P .. 'job:' .. at, 's', 'k', 'due', 'q')
    if c[1] == 'running' or tonumber(c[4]) <= tonumber(j[3]) then return end
    call('ZREM', P .. 'due:' .. c[2], at)
    call('ZADD', P .. 'behind:' .. c[2], c[3], at)
  end
  call('ZREM', P .. 'behind:' .. j[1], first)
  call('ZADD', P .. 'due:' .. j[1], j[2], first)
  call('HSET', P .. 'heads', lane, first)
  ring(j[1], j[2])
end

-- move takes a job from where its status has put it to where the next one
-- belongs. The fields of the job must be written already.
local function move(id, kind, lane, seq, from, to, due)
  if listed[from] then call('ZREM', P .. 'list:' .. from .. ':' .. kind, id) end
  call('ZREM', P .. (final[from] and 'old:' or 'due:') .. kind, id)
  if lane then
    call('ZREM', P .. 'lane:' .. lane, id)
    call('ZREM', P .. 'behind:' .. kind, id)
    if call('HGET', P .. 'heads', lane) == id then call('HDEL', P .. 'heads', lane) end
  end
  if listed[to] then call('ZADD', P .. 'list:' .. to .. ':' .. kind, seq, id) end
  if final[to] then
    call('ZADD', P .. 'old:' .. kind, now, id)
  elseif to == 'pending' and lane then
    call('ZADD', P .. 'lane:' .. lane, seq, id)
    call('ZADD', P .. 'behind:' .. kind, due, id)
  elseif to == 'pending' then
    call('ZADD', P .. 'due:' .. kind, due, id)
    ring(kind, due)
  end
  if lane then head(lane) end
end

