// The scan page: a photo of the label or a typed code becomes a device of the
// job. A browser that reads codes itself does so at once, else the hub reads the
// photo; without a network it waits on the phone.
import { $, el, focusOn, say } from "./dom.js";
import { all, isFull } from "./idb.js";
import { keepScan, readOne } from "./reading.js";
import { scanCard, whyNot } from "./device.js";
import { whose } from "./outbox.js";
import { shrink } from "./photo.js";
import { T, fill } from "./words.js";
import { nameOf } from "./reading.js";

const asked = new URLSearchParams(location.search);
const job = asked.get("job") ?? "", old = asked.get("old") ?? "";

async function detect(file) {
  if (!("BarcodeDetector" in self)) return undefined;
  const image = await createImageBitmap(file);
  const codes = await new BarcodeDetector().detect(image).catch(() => []);
  image.close();
  return codes.length ? codes.map((c) => ({ value: c.rawValue, kind: "unknown", format: c.format })) : undefined;
}

// take keeps the scan first, then tries to have it answered.
async function take(scan) {
  const kept = await keepScan({ job, old, ...scan });
  say(T.reading);
  const done = await readOne(kept).catch(() => undefined);
  if (!done) say(scan.code ? T.lookLater : T.readLater, "warn");
  else if (done.state === "linked") say(fill(T.linked, { name: nameOf(done.found.equipment) }));
  else if (done.state === "failed") say(whyNot(done), "error");
  else say(done.codes?.length ? "" : T.nothingRead, "warn");
}

async function keeping(work) {
  try {
    await work();
  } catch (err) {
    say(isFull(err) ? T.fullPhoto : err?.name === "EncodingError" || err?.name === "InvalidStateError" ? T.notPhoto : T.unkept, "error");
  }
}

export function start() {
  const back = $("#scan-back");
  if (job && back) { back.href = "/j/job/" + encodeURIComponent(job); back.hidden = false; $("#scan-job").textContent = job; }
  document.addEventListener("change", (event) => {
    const [file] = event.target.files ?? [];
    if (!file) return;
    keeping(async () => {
      const { bytes, type } = await shrink(file);
      event.target.value = "";
      await take({ bytes, type, codes: await detect(new Blob([bytes], { type })) });
    });
  });
  $("#scan-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const code = $("#scan-code").value.trim();
    if (!code) { say(T.empty, "error"); return; }
    keeping(async () => {
      await take({ code });
      $("#scan-code").value = "";
    });
  });
}

// paint lists the scans that are not settled, the newest first; a card in which
// something is being typed stays as it is.
export async function paint() {
  const place = $("#scan-list"), tech = await whose();
  const scans = (await all("scans")).filter((s) => s.tech === tech).sort((a, b) => b.made - a.made);
  const cards = new Map([...place.children].map((c) => [c.dataset.scan, c]));
  const wanted = [];
  for (const scan of scans) {
    const state = scan.state + (scan.code ?? ""), shown = cards.get(scan.id);
    wanted.push(shown?.dataset.state === state ? shown : el("li", { "data-scan": scan.id, "data-state": state, class: "card" }, ...(await scanCard(scan))));
  }
  const within = place.contains(document.activeElement);
  const same = wanted.length === place.children.length && wanted.every((c, i) => c === place.children[i]);
  if (!same) place.replaceChildren(...wanted);
  if (within) focusOn($("#scan-code"));
}
