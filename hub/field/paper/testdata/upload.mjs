// Uploads a photo of 600 KiB over a network that breaks off; see TestUploadGoesOn.
import { readFileSync } from "node:fs";

const source = readFileSync(new URL("../assets/upload.js", import.meta.url), "utf8");
const { Refused, upload } = await import("data:text/javascript," + encodeURIComponent(source));
const size = 600 * 1024, bytes = new Uint8Array(size).map((_, i) => i % 251).buffer;
const file = { id: "A", job: "DJ-1", type: "image/jpeg", sha256: "00ff", bytes };

// A hub that remembers one upload and does what the plan says instead of an answer.
let there = new Uint8Array(0), log = [], plan = {};
const answer = (status, headers = {}, body = null) => new Response(body, { status, headers: { "Tus-Resumable": "1.0.0", ...headers } });
globalThis.fetch = async (url, { method, headers, body }) => {
  const odd = plan[log.push(method) - 1];
  if (odd === "cut") throw new TypeError("network");
  if (odd) return answer(odd, {}, odd === 415 ? JSON.stringify({ code: "picture-format", title: "HEIC" }) : null);
  if (method === "POST") return answer(201, { Location: "/field/uploads/U1", "Upload-Offset": String(there.length) });
  if (method === "HEAD") return answer(200, { "Upload-Offset": String(there.length) });
  if (Number(headers["Upload-Offset"]) !== there.length) return answer(409);
  const piece = new Uint8Array(body), all = new Uint8Array(there.length + piece.length);
  all.set(there);
  all.set(piece, there.length);
  there = all;
  return answer(204, { "Upload-Offset": String(there.length) });
};

async function run(steps, from = {}) {
  plan = steps;
  log = [];
  const kept = { ...from };
  const end = await upload({ ...file, ...from }, async (more) => { Object.assign(kept, more); }).catch((err) => (err instanceof Refused ? `${err.status} ${err.problem?.title ?? ""}` : err.name));
  return { end, log: log.join(" "), kept };
}

const cut = await run({ 2: "cut" }); // POST, one piece, then nothing
const goesOn = await run({}, cut.kept);
const whole = there.length === size && there.every((b, i) => b === i % 251);
there = there.slice(0, 256 * 1024 + 7); // a reply was lost: the hub has other bytes than the phone thinks
const differs = await run({ 1: 409 }, cut.kept);
there = new Uint8Array(0);
const gone = await run({ 0: 410 }, cut.kept);
there = new Uint8Array(0);
const refused = await run({ 1: 415 });
console.log(JSON.stringify({ cut, goesOn, whole, differs, gone, refused }));
