// Codes on devices: a photo of a label goes to the hub to be read, the code is
// looked up, and a device that is found beyond doubt is linked to the job. In a
// dead zone the photo waits here, and the same is done later. A scan is
//   {id, tech, job, old, made, state, bytes, type, code, codes, found}
// (old: the device that the scanned one replaces)
// state: waiting, answered (the technician decides), failed (with problem).
import { all, drop, get, put } from "./idb.js";
import { add, whose } from "./outbox.js";
import { tell } from "./radio.js";
import { T } from "./words.js";
import { Refused, isHopeless } from "./upload.js";

const PATIENCE = 8000;

async function ask(url, options = {}) {
  const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE), ...options });
  const body = await response.json().catch(() => undefined);
  if (!response.ok || !body) throw new Refused(response, body);
  return body;
}

// decode has a photo read by the hub. The scan's id makes a repeat cost nothing.
async function decode(scan) {
  const form = new FormData();
  form.append("image", new Blob([scan.bytes], { type: scan.type }), "label.jpg");
  return (await ask("/vision/barcodes", { method: "POST", body: form, headers: { "Idempotency-Key": scan.id } })).codes;
}

export const lookUp = (code, job) => ask(`/equipment/lookup?code=${encodeURIComponent(code)}&job=${encodeURIComponent(job ?? "")}`);

const isDevice = (code) => code.valid !== false && code.kind !== "barcode";

// resolve carries one scan as far as it gets: codes, then the device behind them.
export async function resolve(scan) {
  const done = { ...scan };
  done.codes ??= done.code ? [{ value: done.code, kind: "unknown" }] : await decode(scan);
  const worth = done.codes.filter(isDevice);
  for (const code of worth.length ? worth : done.codes) {
    done.code = code.normalized || code.value;
    done.found = await lookUp(done.code, scan.job);
    if (done.found.tier !== "none") break;
  }
  done.state = "answered";
  if (done.codes.length > 0) done.bytes = undefined;
  return done;
}

// certain tells that nobody has to be asked: one device, at nobody else's place.
export const certain = (scan) => Boolean(scan.job && scan.found?.equipment && !scan.found.conflict && !(scan.found.candidates?.length > 1));

// link makes the scan an action of its job, under the scan's own id: however
// often it is carried through, the device is linked once.
export async function link(scan, equipment, confirm = false) {
  const source = scan.type || scan.codes?.[0]?.format ? "barcode" : "manual";
  const swap = scan.old && scan.old !== equipment.name;
  await add({
    id: scan.id, job: scan.job, kind: swap ? "equipment_swap" : "equipment_link", about: nameOf(equipment),
    data: swap ? { old: scan.old, new: equipment.name, confirm } : { equipment: equipment.name, action: "installed", source, confirm },
  });
  await drop("scans", scan.id);
  tell("changed");
}

export const nameOf = (e) => [T.types[e.equipment_type] ?? e.equipment_type, e.brand, e.model, e.serial_number].filter(Boolean).join(" ");

export async function keepScan(scan) {
  const kept = { id: crypto.randomUUID(), made: Date.now(), state: "waiting", tech: (await whose()) ?? "", ...scan };
  await put("scans", kept);
  tell("changed");
  return kept;
}

// readWaiting answers the scans that waited for the network. It fails as the
// network does; a scan that the hub refuses is shown as failed.
export async function readWaiting() {
  const tech = await whose();
  for (const scan of await all("scans")) {
    if (scan.state === "waiting" && scan.tech === tech) await readOne(scan);
  }
}

export async function readOne(scan) {
  try {
    const done = await resolve(scan);
    if (!(await get("scans", scan.id))) return undefined; // thrown away meanwhile
    if (certain(done)) {
      await link(done, done.found.equipment);
      return { ...done, state: "linked" };
    }
    await put("scans", done);
    tell("changed");
    return done;
  } catch (err) {
    const slow = err?.name === "TimeoutError" || (err instanceof Refused && (err.status >= 500 || err.status === 429));
    if (err instanceof Refused && isHopeless(err)) {
      const failed = { ...scan, state: "failed", problem: err.problem };
      await put("scans", failed);
      tell("changed");
      return failed;
    }
    if (slow) return undefined; // the rest of the queue does not wait for it
    throw err;
  }
}
