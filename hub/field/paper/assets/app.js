// Where every page begins: the service worker is set up, what waits is sent when
// there is a chance, and the page's own part is loaded. Without scripts, or
// without https, the pages work by their forms alone.
import { paintBar, setBusy, unsettled } from "./bar.js";
import { $, $$, show } from "./dom.js";
import { keepDrafts, restoreDrafts } from "./draft.js";
import { guard, here, swap } from "./fresh.js";
import { atHome } from "./home.js";
import { get, put } from "./idb.js";
import { forget } from "./kept.js";
import { isWriting, written } from "./outbox.js";
import { hear } from "./radio.js";
import { send } from "./sync.js";
import { T, fill } from "./words.js";

const EVERY = 30_000;
const controlled = Boolean(navigator.serviceWorker?.controller); // the page came through it
const pages = { day: "./day.js", job: "./job.js", scan: "./scan.js" };
const begun = () => dispatchEvent(new Event("begun")); // see early.js
let painting, again = false, page;

// repaint brings the page in line with what is kept; calls meanwhile make one more.
async function repaint() {
  if (painting) { again = true; return painting; }
  painting = (async () => {
    do {
      again = false;
      await paintBar();
      await page?.paint?.();
    } while (again);
  })();
  await painting.finally(() => { painting = undefined; });
}

async function trySend() {
  if (document.visibilityState !== "hidden") await send();
}

// wake asks the browser to send even after the page is closed, and sends.
async function wake() {
  const registration = await navigator.serviceWorker.getRegistration("/j/").catch(() => undefined);
  await registration?.sync?.register("send").catch(() => {});
  await trySend();
}

// owner sees to it that pages of one technician are not shown to another who
// opened his link on the same phone; what the first one did stays his.
async function owner() {
  const now = $("#app").dataset.tech;
  const before = await get("facts", "tech");
  if (!now || before === now) return;
  if (before) await forget();
  await put("facts", now, "tech");
}

// leave signs out: nobody who holds the phone next reads the pages. What waits stays
// here, and its technician is warned first.
async function leave(event) {
  event.preventDefault();
  const { href } = event.currentTarget, left = await unsettled();
  if (left && !confirm(fill(T.signOutWaiting, { list: left }))) return;
  await forget();
  location.assign(href);
}

async function worker() {
  await navigator.serviceWorker.register("/j/sw.js", { scope: "/j/", type: "module", updateViaCache: "none" });
  const ready = await navigator.serviceWorker.ready;
  const hrefs = (links) => $$(links).map((a) => a.getAttribute("href"));
  const list = $("#list") ? hrefs(".job-link") : undefined;
  const prime = [...(controlled ? [] : [here()]), ...hrefs("[data-prime]"), "/j/", "/j/scan"];
  ready.active.postMessage({ prime: list && controlled ? prime.filter((path) => path !== "/j/") : prime, keep: list });
}

// stay keeps the page until what was said on it is on the disk.
async function stay(event) {
  const link = event.target.closest("a[href]");
  if (!link || !isWriting()) return;
  event.preventDefault();
  await written();
  link.click();
}

// unkept leaves the page to its forms where the browser keeps nothing: in some
// private windows, or when storage is blocked.
function unkept(err) {
  console.warn("nothing can be kept", err);
  document.documentElement.classList.remove("scripted");
  show($("#unkept"), true);
  begun();
}

// late swaps in what came after this page was shown and before it listened.
async function late() {
  const shown = $("#app").dataset.at;
  await swap((at) => at > shown);
}

async function start() {
  await owner();
  document.documentElement.classList.add("scripted");
  guard();
  keepDrafts();
  restoreDrafts();
  const name = $("#app").dataset.page;
  if (pages[name]) page = await import(pages[name]);
  page?.start?.();
  hear("changed", repaint);
  hear("added", wake);
  hear("sending", (news) => { setBusy(news.busy); repaint(); });
  hear("fresh", async (news) => {
    if (news.path !== here()) return;
    await swap();
    restoreDrafts();
    await repaint();
  });
  for (const sign of ["online", "focus", "pageshow"]) addEventListener(sign, trySend);
  for (const sign of ["online", "offline"]) addEventListener(sign, repaint);
  document.addEventListener("visibilitychange", trySend);
  setInterval(trySend, EVERY);
  $("#sync-now").addEventListener("click", send);
  $("#sign-out")?.addEventListener("click", leave);
  document.addEventListener("click", stay);
  begun();
  await late();
  await repaint();
  document.documentElement.dataset.ready = "1";
  await worker().catch((err) => console.warn("no service worker", err));
  await wake();
  await atHome();
}

if (isSecureContext && "serviceWorker" in navigator && navigator.locks && $("#app")) start().catch(unkept);
else begun();
