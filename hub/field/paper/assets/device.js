// What a scan found, and what the technician can do with it: link the device,
// choose among several, take it over from elsewhere, or create it.
import { $, el, picture, say } from "./dom.js";
import { drop, put } from "./idb.js";
import { link, nameOf, readOne } from "./reading.js";
import { add } from "./outbox.js";
import { tell } from "./radio.js";
import { T, clock, fill } from "./words.js";

const button = (text, onclick, kind = "") => el("button", { type: "button", class: kind, onclick }, text);
const page = (e) => el("a", { class: "button second", href: "/j/device/" + encodeURIComponent(e.name || e.serial_number) }, T.open);

async function throwAway(scan) {
  await drop("scans", scan.id);
  tell("changed");
}

const discard = (scan) => button(T.discard, () => throwAway(scan), "second");

async function choose(scan, equipment, confirm = false) {
  await link(scan, equipment, confirm);
  say(fill(T.linked, { name: nameOf(equipment) }));
}

// askFirst shows where the device is in service, before it is taken over.
function askFirst(scan, equipment, conflict) {
  const dialog = $("#takeover");
  $("#takeover-what").textContent = nameOf(equipment);
  $("#takeover-where").textContent = [conflict.customer_name ?? conflict.customer, conflict.address ?? conflict.service_location].filter(Boolean).join(" · ");
  $("#takeover-yes").onclick = () => { dialog.close(); choose(scan, equipment, true); };
  $("#takeover-no").onclick = () => dialog.close();
  dialog.showModal();
}

function one(scan, equipment) {
  const conflict = scan.found.conflict?.equipment && scan.found.conflict.equipment !== equipment.name ? null : scan.found.conflict;
  const unfit = conflict?.reason === "unfit"; // defective, say: nobody's word makes it fit
  const act = () => (conflict ? askFirst(scan, equipment, conflict) : choose(scan, equipment));
  return el("div", { class: "found" },
    el("p", {}, el("strong", {}, nameOf(equipment)), el("br"), el("span", { class: "fine" }, equipment.name)),
    conflict && el("p", { class: "notice" }, unfit ? T.unfit : T.elsewhere),
    el("div", { class: "actions" },
      scan.job ? !unfit && button(T.link, act, "link-device") : el("p", { class: "fine" }, T.noJob),
      page(equipment)));
}

// creation fills the form of five fields with what the code told.
function creation(scan) {
  const form = $("#create-form").content.firstElementChild.cloneNode(true);
  const hint = scan.found.create_hint ?? {};
  for (const input of form.elements) {
    if (input.name && hint[input.name]) input.value = hint[input.name];
    if (!input.name) continue;
    input.id = `${input.name}-${scan.id}`;
    input.previousElementSibling.htmlFor = input.id;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!scan.job) { say(T.noJob, "error"); return; }
    const data = Object.fromEntries([...new FormData(form)].map(([k, v]) => [k, v.trim()]).filter(([, v]) => v));
    await add({ id: scan.id, job: scan.job, kind: "equipment_create", data: { ...data, source: scan.type ? "label" : "manual" }, about: nameOf(data) });
    await drop("scans", scan.id);
    tell("changed");
    say(fill(T.created, { name: nameOf(data) }));
  });
  return [el("p", {}, T.unknown), form];
}

// whyNot says in words why there is nothing to show of a scan.
export const whyNot = ({ problem, code }) => (code && problem?.code === "invalid" ? T.notCode : problem?.title ?? T.nothingRead);

// scanCard gives the content of a scan's card.
export async function scanCard(scan) {
  const head = el("p", { class: "fine" }, clock(scan.made), scan.code ? ` · ${scan.code}` : "");
  if (scan.state === "waiting") {
    return [head, scan.bytes && (await picture(scan.bytes, scan.type, T.photo)), el("p", {}, el("span", { class: "mark waiting" }, T.pending)), el("div", { class: "actions" }, discard(scan))];
  }
  if (scan.state === "failed" || !scan.codes?.length) {
    const again = async () => { await put("scans", { ...scan, state: "waiting", codes: undefined, problem: undefined }); await readOne({ ...scan, codes: undefined }).catch(() => {}); tell("changed"); };
    return [head, el("p", {}, whyNot(scan)), el("div", { class: "actions" }, scan.bytes || scan.code ? button(T.again, again) : null, discard(scan))];
  }
  const { equipment, candidates = [] } = scan.found;
  const many = candidates.length > 1;
  if (scan.found.tier === "none") return [head, ...creation(scan), el("div", { class: "actions" }, discard(scan))];
  return [head, el("h2", {}, many ? T.several : T.found), ...(many ? candidates : [equipment]).map((e) => one(scan, e)), el("div", { class: "actions" }, discard(scan))];
}
