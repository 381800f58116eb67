-- What every script begins with. KEYS[1] is the prefix of all keys of this hub,
-- with its hash tag. ARGV: 1 the instant in microseconds, empty = the server's
-- own; 2 the token of the call; 3 is 1 when it is not the first try of the call; the
-- rest is the script's own.
local P, now, token, again = KEYS[1], ARGV[1], ARGV[2], ARGV[3] == '1'
local call = redis.call
if now == '' then
  local t = call('TIME')
  now = t[1] .. string.format('%06d', tonumber(t[2]))
end

-- Instants have 16 digits; Lua itself would write them with 14.
local function num(n) return string.format('%.0f', n) end

-- ring wakes the workers of a kind, unless something of it is due already: then
-- they have been rung for, or are busy and will ask again by themselves.
local function ring(kind, due)
  if tonumber(due) <= tonumber(now) and call('ZCOUNT', P .. 'due:' .. kind, '-inf', now) <= 1 then
    call('PUBLISH', P .. 'wake:jobs', kind)
  end
end

-- A call whose reply was lost is made again with the same token, perhaps after
-- others have been at work. receipt is what the first left, nil when there was none.
local function receipt() return call('GET', P .. 'did:' .. token) or nil end
local function leave_receipt(text) call('SET', P .. 'did:' .. token, text, 'PX', 60000) end

-- row reads a job, with its payload when the last field is p. What each field of a
-- job means, and which position has which, stands in form/row.go: a test compares
-- the order there with this one.
local function row(id, last)
  return {
    id,
    call('HMGET', P .. 'job:' .. id,
      'k', 'l', 'd', -- kind, lane, dedupe key
      's', 'st', 'n', 'due', -- status, state, note, due
      'f', 'x', 't', -- fence, times seen once more, tries
      'c', 'u', 'q', -- created, updated, number
      'cu', 'nm', 'm', -- customer, name, the rest about it as JSON
      'r', last), -- result, payload
    call('LRANGE', P .. 'tries:' .. id, 0, -1), -- attempts
  }
end

