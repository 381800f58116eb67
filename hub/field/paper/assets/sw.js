// The service worker of the technician's pages. The hub puts SHELL (a hash of all
// files), FILES and the import of send above this text.
//
// Pages come from the hub if it answers within 3 seconds, else as they were kept;
// a page that comes in later than that replaces what is shown. A page gets the
// files of its own version: those of a new one come from the hub, those of a kept
// one from the shell of its time, which stays as long as a kept page needs it. A
// shell is on the phone whole or not at all. A page whose shell is not takes the
// files of this one when the hub is away, or the line is open and silent.
const NAME = "targo-shell-" + SHELL;
const OFFLINE = "/j/offline";
const PATIENCE = 3000;
const LONGEST = 30_000; // a silent request holds one of the browser's few connections

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim().then(() => { clear().catch(() => {}); })));

// install keeps nothing before everything is here: half a shell would give a page
// files of two versions, and none for the rest.
async function install() {
  const [offline, ...files] = await Promise.all([bring(OFFLINE, true, { cache: "no-store" }), ...FILES.map((path) => bring(path, true))]);
  const dress = new Set([...(await offline.clone().text()).matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map((m) => m[1]));
  const all = [offline, ...files, ...(await Promise.all([...dress].map((path) => bring(path, false))))];
  const shell = await caches.open(NAME);
  await Promise.all(all.map((answer) => shell.put(new URL(answer.url).pathname, answer)));
  await self.skipWaiting();
}

// bring fetches a file to its last byte. One of the app comes in this very version or
// not: during an update another copy of the hub may answer, in a café its network does.
async function bring(path, app, options) {
  const answer = await fetch(path, { ...options, signal: AbortSignal.timeout(LONGEST) });
  if (!answer.ok || answer.redirected || (app ? ours(answer) !== SHELL : /html/.test(answer.headers.get("Content-Type")))) throw new Error("no " + path);
  return whole(answer);
}

// clear lets go of the shells that no kept page needs, but for the last one: a page
// may just be loading from it. No page waits for this.
async function clear() {
  const needed = await versions();
  const before = (await caches.keys()).filter((name) => name.startsWith("targo-shell-") && name !== NAME);
  for (const name of before.slice(0, -1)) {
    if (!needed.has(name.slice("targo-shell-".length))) await caches.delete(name);
  }
}

// file answers with a file of the shell that the page belongs to. If that is
// neither kept nor to be had, the page is led to today's, which is better than none:
// that script imports the others of its own version, and no browser remembers it as
// the file that was asked for.
async function file(request) {
  const path = new URL(request.url).pathname, app = path.startsWith("/j/assets/");
  const known = await caches.match(path);
  if (known) return known;
  const todays = await twin(path);
  if (away && todays) return Response.redirect(todays);
  const network = fetch(request, { signal: AbortSignal.timeout(LONGEST) }).then(whole).catch(() => undefined);
  const answer = await (todays ? Promise.race([network, silence()]) : network);
  away ||= !answer;
  if (answer?.ok && (!app || ours(answer))) return answer;
  return todays ? Response.redirect(todays) : (answer ?? Response.error());
}

// twin finds the file of this shell that has the same name but for its version.
async function twin(path) {
  const plain = (name) => name.replace(/^\/j\/assets\/[^/]+/, "/j/assets").replace(/^(\/assets\/.+)\.[0-9a-f]+\./, "$1.");
  const shell = await caches.open(NAME);
  return (await shell.keys()).map(({ url }) => url).find((url) => plain(new URL(url).pathname) === plain(path));
}

// What is known of the line: a slow one brings file after file and is waited for; a
// silent one is given up once, not anew for each file of a page.
let heard = 0, away = false;

function hear(answer) {
  [heard, away] = [Date.now(), false];
  return answer;
}

async function whole(answer) {
  await hear(answer).clone().arrayBuffer();
  return hear(answer);
}

// silence ends when nothing came for as long as one is patient.
async function silence() {
  const begun = Date.now();
  for (let left = PATIENCE; left > 0; left = Math.max(begun, heard) + PATIENCE - Date.now()) await pause(left);
}

async function page(event, path) {
  const kept = await find(path);
  let late = false;
  const network = fetchPage(path, event.request, () => late).then(hear).catch(() => undefined);
  event.waitUntil(network);
  const first = kept ? await Promise.race([network, pause(PATIENCE)]) : await network;
  if (first && (!kept || (ours(first) && first.status < 500))) return first;
  [late, away] = [true, true];
  return kept ?? (await caches.match(OFFLINE)) ?? Response.error();
}

// signIn lets go of what was kept, which may be another's, once the hub has let
// somebody in, unless he is who he was. In a dead zone he is led to what is there.
async function signIn(request) {
  try {
    const response = await fetch(request);
    if (response.type === "opaqueredirect" && !(await isOwner())) await forget();
    return response;
  } catch {
    return (await find("/j/")) ? Response.redirect("/j/", 303) : ((await caches.match(OFFLINE)) ?? Response.error());
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === "POST" && request.mode === "navigate" && /^\/j\/[^/]+$/.test(url.pathname)) {
    event.respondWith(signIn(request));
    return;
  }
  if (request.method !== "GET") return;
  if (url.pathname.startsWith("/j/assets/") || url.pathname.startsWith("/assets/") || FILES.includes(url.pathname)) {
    event.respondWith(file(request));
  } else if (request.mode === "navigate" && url.pathname.startsWith("/j/")) {
    event.respondWith(page(event, url.pathname));
  } else if (url.pathname.startsWith("/field/photos/")) {
    event.respondWith(picture(request));
  }
});

async function isOwner() {
  const answer = await fetch("/field/context", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  const who = answer?.ok && (await answer.json().catch(() => undefined));
  return Boolean(who?.technician) && who.technician === (await whose());
}

// prime fetches pages before they are needed; keep are all jobs of the list.
async function prime(paths, keep) {
  if (keep) await tidy(keep);
  for (const path of new Set(paths)) {
    const answer = await fetchPage(path, undefined, () => false).catch(() => undefined);
    tell("primed", { path, ok: Boolean(answer?.ok) || Boolean(await find(path)) });
  }
}

self.addEventListener("message", (event) => { if (event.data?.prime) event.waitUntil(prime(event.data.prime, event.data.keep)); });
self.addEventListener("sync", (event) => { if (event.tag === "send") event.waitUntil(again()); });

// again tells the browser to wake us up once more when not everything went.
async function again() {
  const outcome = await send();
  if (outcome === "offline" || outcome === "away" || outcome === "later") throw new Error(outcome);
}
