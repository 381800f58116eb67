// Signs and judges webhooks with Twilio's own library. One question a line:
// {sign: [{token, url, body, json}]} or {judge: [{token, url, body, json, signature}]};
// bodies in base64. The answer is a list.
'use strict'
const { getExpectedTwilioSignature, validateIncomingRequest } = require('twilio/lib/webhooks/webhooks')
const querystring = require('node:querystring')
const lines = require('node:readline').createInterface({ input: process.stdin })

const params = (c) =>
  c.json ? {} : Object.assign({}, querystring.parse(Buffer.from(c.body, 'base64').toString('utf8'), '&', '=', { maxKeys: 0 }))

function judge(c) {
  const request = {
    header: (name) => (name === 'X-Twilio-Signature' ? c.signature : undefined),
    rawBody: Buffer.from(c.body, 'base64'),
    body: params(c),
  }
  try {
    return validateIncomingRequest(request, c.token, { url: c.url })
  } catch {
    return false
  }
}

lines.on('line', (line) => {
  const { sign, judge: cases } = JSON.parse(line)
  const answer = sign ? sign.map((c) => getExpectedTwilioSignature(c.token, c.url, params(c))) : cases.map(judge)
  process.stdout.write(JSON.stringify(answer) + '\n')
})
