call('SET', P .. 'probe', now, 'PX', '60000')
return { 'ok' }
