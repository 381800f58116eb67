// Loads what such a hub is built from in Node, makes the clients as the hub
// makes its own, and answers /healthz and a stream. Nothing is called.
const http = require('node:http')
const axios = require('axios')
const express = require('express')
const Redis = require('ioredis')
const jwt = require('jsonwebtoken')
const snmp = require('net-snmp')
const cron = require('node-cron')
const Mailjet = require('node-mailjet')
const twilio = require('twilio')
const { WebSocketServer } = require('ws')

const [host, port] = process.env.TWIN_LISTEN.split(':')
const away = process.env.TWIN_AWAY // an address where nobody listens

const parts = {
  erpnext: axios.create({ baseURL: away, timeout: 10000 }),
  redis: new Redis(away.replace('http', 'redis'), { lazyConnect: true }),
  sms: twilio('AC00000000000000000000000000000000', 'not-a-token'),
  mail: Mailjet.apiConnect('not-a-key', 'not-a-secret'),
  token: jwt.sign({ sub: 'twin' }, 'not-a-secret-either'),
  version: snmp.Version2c,
  sweep: cron.schedule('0 * * * *', () => {})
}

const streams = new Set()
const app = express()
app.use(express.json())
app.get('/healthz', (req, res) => res.json({ status: 'ok' }))
app.get('/events', (req, res) => {
  res.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  res.write(': listening\n\n')
  streams.add(res)
  res.on('close', () => streams.delete(res))
})

const server = http.createServer(app)
new WebSocketServer({ server, path: '/ws' })
server.listen(Number(port), host)

process.on('SIGTERM', () => {
  parts.sweep.stop()
  for (const res of streams) res.end()
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
