-- 4 id.
if call('EXISTS', P .. 'job:' .. ARGV[4]) == 0 then return {} end
return row(ARGV[4], 'p')
