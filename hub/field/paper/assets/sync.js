// Sending: what waits goes to the hub, job by job in its order, files first.
// Pages call it on `online`, on focus and on a timer, the service worker when the
// browser wakes it up; a lock sees to it that only one of them sends at a time.
import { change, get, put } from "./idb.js";
import { fetchPage, forget, ours } from "./kept.js";
import { own, settle, sweep, whose } from "./outbox.js";
import { tell } from "./radio.js";
import { readWaiting } from "./reading.js";
import { Refused, isHopeless, upload } from "./upload.js";

const BATCH = 20;
let queued = false, gone = false; // gone: something was taken in this round

// send resolves with how it ended: "ok", "later" (the hub is not done with
// something), "offline", "expired" (a new link is needed) or "away".
export async function send() {
  if (queued) return "queued";
  queued = true;
  return navigator.locks.request("targo-send", async () => {
    queued = false;
    tell("sending", { busy: true });
    gone = false;
    const outcome = await rounds().catch(explain);
    const before = (await get("facts", "contact")) ?? {};
    const good = outcome === "ok" || outcome === "later" ? Date.now() : before.good;
    await put("facts", { outcome, at: Date.now(), good, sent: gone ? Date.now() : before.sent }, "contact").catch(() => {}); // the phone may be full
    tell("sending", { busy: false });
    tell("changed");
    return outcome;
  });
}

function explain(err) {
  if (err instanceof TypeError || err?.name === "TimeoutError") return "offline"; // what fetch fails with
  if (!(err instanceof Refused)) return "away";
  return isEnded(err) ? "expired" : "away";
}

const isEnded = (err) => err.hub && (err.status === 401 || err.status === 410);

// rounds sends what is ready; when nothing is, the bytes of one more photo go up,
// so that a state or a note does not wait for the photos of other jobs.
async function rounds() {
  if (await isStranger()) return "stranger";
  await readWaiting();
  await show((await own()).filter((a) => a.state === "done"));
  const stuck = new Set();
  for (;;) {
    const batch = await next(stuck);
    if (batch.length > 0) {
      await post(batch, stuck);
      await show(batch);
    } else if (!(await uploadOne(stuck))) return stuck.size > 0 ? "later" : "ok";
  }
}

// isStranger tells that another technician's link was opened on this phone: what
// the first one did is not sent in the name of the second.
async function isStranger() {
  if ((await waiting()).length === 0) return false;
  const response = await fetch("/field/context", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15_000) });
  const body = await response.json().catch(() => ({}));
  if (response.status === 401 || response.status === 410) throw new Refused(response, body);
  const { technician } = body; // without an answer he is who he was, as far as one knows
  if (!technician || technician === (await whose())) return false;
  await put("facts", technician, "tech");
  await forget();
  return true;
}

const waiting = async () => (await own()).filter((a) => a.state === "waiting");

const hasBytes = (action) => !action.file || action.data.upload;

// next takes from each job what is ready, from the front.
async function next(stuck) {
  const closed = new Set(stuck), batch = [];
  for (const action of await waiting()) {
    if (!hasBytes(action)) closed.add(action.job);
    if (!closed.has(action.job) && batch.length < BATCH) batch.push(action);
  }
  return batch;
}

// uploadOne brings up the bytes of one action, and tells whether there was one.
// What the hub will never take is shown; what it cannot take now stops its job.
async function uploadOne(stuck) {
  const action = (await waiting()).find((a) => !hasBytes(a) && !stuck.has(a.job));
  if (!action) return false;
  const file = await get("files", action.file);
  if (!file) { // somebody cleared the phone's storage
    await settle(action.id, "rejected", { lost: true });
    return true;
  }
  const keep = (more) => change(["files"], async (s) => { await s("files").put({ ...(await s("files").get(file.id)), ...more }); }).then(() => tell("changed"));
  try {
    const url = await upload(file, keep);
    await put("actions", { ...action, data: { ...action.data, upload: url.slice(url.lastIndexOf("/") + 1) } });
  } catch (err) {
    if (!(err instanceof Refused) || !err.hub || isEnded(err)) throw err;
    if (isHopeless(err)) await settle(action.id, "rejected", { error: err.problem });
    else stuck.add(action.job);
  }
  return true;
}

const wire = ({ id, seq, job, kind, at, base_modified, data }) => ({ id, seq, job, kind, at, base_modified: base_modified || undefined, data });

async function post(batch, stuck) {
  const response = await fetch("/field/mutations", {
    method: "POST", headers: { "Content-Type": "application/json" }, signal: AbortSignal.timeout(60_000),
    body: JSON.stringify({ sent_at: new Date().toISOString(), mutations: batch.map(wire) }),
  });
  if (!response.ok) {
    const refused = new Refused(response, await response.json().catch(() => undefined));
    if (!isHopeless(refused)) throw refused;
    if (batch.length > 1) { await post(batch.slice(0, 1), stuck); return; }
    await settle(batch[0].id, "rejected", { error: refused.problem });
    return;
  }
  const { results } = await response.json();
  gone ||= results.some((r) => r.state !== "retry");
  for (const r of results) {
    const action = batch.find((a) => a.id === r.id);
    if (r.state === "retry") stuck.add(action.job);
    else await settle(r.id, r.state === "applied" || r.state === "duplicate" ? "done" : r.state, r);
  }
  for (const action of batch) if (!results.some((r) => r.id === action.id)) stuck.add(action.job);
}

// show fetches the pages on which what was taken stands; the list shows states only.
async function show(actions) {
  for (const job of new Set(actions.map((a) => a.job))) {
    const begun = Date.now();
    const page = await fetchPage("/j/job/" + encodeURIComponent(job), undefined, () => true).catch(() => undefined);
    if (page && ours(page) && (page.ok || page.status === 403 || page.status === 404)) await sweep(job, begun);
  }
  if (actions.some((a) => a.kind === "status")) await fetchPage("/j/", undefined, () => true).catch(() => undefined);
}
