// Gives positions to WebSocket clients by the library ws, or to readers of
// server-sent events, for comparison. It reads lines "device lat lon speed
// milliseconds" on its input and sends what came in each tick as one message,
// encoded once. Arguments: tick in milliseconds, folder of node_modules.
'use strict';
const http = require('http');
const path = require('path');
const readline = require('readline');

const [tick, modules] = process.argv.slice(2);
const { WebSocketServer, WebSocket } = require(path.join(modules, 'ws'));

const readers = new Set();
const server = http.createServer((request, answer) => {
  answer.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  answer.write('retry: 3000\n\n');
  readers.add(answer);
  request.on('close', () => readers.delete(answer));
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: true });

let latest = new Map();
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [device, lat, lon, speed, at] = line.split(' ').map(Number);
  latest.set(device, { device, lat, lon, speed, at });
}).on('close', () => process.exit(0));

setInterval(() => {
  if (latest.size === 0) return;
  const now = latest;
  latest = new Map();
  const items = [];
  for (const f of now.values()) {
    items.push({
      technician: `TECH-${f.device}`, name: `Technician ${f.device}`, device: f.device, lat: f.lat, lon: f.lon, speed_kmh: f.speed,
      course: 0, accuracy_m: 0, at: new Date(f.at).toISOString(), age_s: Math.floor((Date.now() - f.at) / 1000), status: 'moving',
    });
  }
  const data = JSON.stringify({ items });
  if (sockets.clients.size > 0) {
    const message = Buffer.from(`{"event":"position","data":${data}}`);
    for (const socket of sockets.clients) {
      if (socket.readyState === WebSocket.OPEN) socket.send(message, { binary: false });
    }
  }
  if (readers.size > 0) {
    const block = Buffer.from(`event: position\ndata: ${data}\n\n`);
    for (const reader of readers) reader.write(block);
  }
}, Number(tick));

server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => console.log('listening', `127.0.0.1:${server.address().port}`));
