// Signs and judges webhooks with Stripe's own library. One question a line:
// {sign: [{secret, body, at}]} or {judge: [{secret, body, header, now}]}; bodies
// in base64, times in seconds. The answer is a list.
'use strict'
const stripe = require('stripe')
const webhooks = (stripe.Stripe ?? stripe.default ?? stripe).webhooks
const lines = require('node:readline').createInterface({ input: process.stdin })

const sign = (c) =>
  webhooks.generateTestHeaderString({
    payload: Buffer.from(c.body, 'base64').toString('utf8'), secret: c.secret, timestamp: c.at,
  })

function judge(c) {
  try {
    webhooks.signature.verifyHeader(Buffer.from(c.body, 'base64'), c.header, c.secret, 300, undefined, c.now * 1000)
    return true
  } catch {
    return false
  }
}

lines.on('line', (line) => {
  const { sign: unsigned, judge: cases } = JSON.parse(line)
  process.stdout.write(JSON.stringify(unsigned ? unsigned.map(sign) : cases.map(judge)) + '\n')
})
