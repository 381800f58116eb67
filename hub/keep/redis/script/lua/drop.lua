-- 4 key. Somebody may have made the value anew since an earlier try of this call.
if not receipt() then
  call('DEL', P .. 'value:' .. ARGV[4]) -- allowed in a full store, and so is the rest
  leave_receipt('1')
end
return { 'ok' }
