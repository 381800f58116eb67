-- 4 how many are kept, 5 id, 6 the instant, 7 the record.
local at = ARGV[6]
if at == '' then at = now end
if receipt() then return { 'ok' } end
call('XADD', P .. 'audit', 'MAXLEN', '~', ARGV[4], num(call('INCR', P .. 'audited')) .. '-0',
  'i', ARGV[5], 'a', at, 'r', ARGV[7])
leave_receipt('1')
return { 'ok' }
