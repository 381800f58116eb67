// The job page: its forms, which work without scripts too, put what was done into
// the outbox instead of asking the network.
import { $, $$, say } from "./dom.js";
import { clean } from "./fresh.js";
import { isFull } from "./idb.js";
import { add } from "./outbox.js";
import { missing, paintJob } from "./overlay.js";
import { startPad } from "./pad.js";
import { startPhotos } from "./photo.js";
import { T, fill } from "./words.js";

const job = $("#app").dataset.job;
const base = () => $("#head").dataset.modified;
let pad, insisted = "";

// article finds what was typed among those that the hub has given, by code or name.
function article(typed) {
  const known = $$("#material-known option"), same = (text) => text.trim().toLowerCase() === typed.toLowerCase();
  return known.find((o) => same(o.value)) ?? known.find((o) => same(o.text));
}

const takers = {
  async status(form, button) {
    const status = button.value, note = form.elements.note?.value.trim(), reason = form.elements.disconnect_reason?.value.trim();
    const data = { status };
    if (status === "Completed") {
      const open = missing();
      if (open.length > 0) {
        say(fill(T.missing, { list: open.map((item) => item.dataset.label).join(", ") }), "error");
        $("input, select, textarea", open[0])?.focus();
        return;
      }
      if (form.elements.disconnect_reason && !reason) { say(T.reasonMissing, "error"); form.elements.disconnect_reason.focus(); return; }
      if (note) data.note = note;
      if (reason) data.disconnect_reason = reason;
    }
    await add({ job, kind: "status", data, base: base() });
    clean(form);
    await paint();
  },
  async note(form) {
    const text = form.elements.text.value.trim();
    if (!text) { say(T.empty, "error"); form.elements.text.focus(); return; }
    await add({ job, kind: "note", data: { text } });
    form.reset();
    clean(form);
    say(T.kept);
  },
  async material(form) {
    const named = form.elements.namedItem("item"); // elements.item is a method of all forms
    const typed = named.value.trim(), said = form.elements.qty.value.trim(), qty = Number(said.replace(",", "."));
    if (!typed) { say(T.empty, "error"); named.focus(); return; }
    if (!said || !(qty >= 0)) { say(T.notQuantity, "error"); form.elements.qty.focus(); return; }
    const good = article(typed), item = good?.value ?? typed;
    if (!good && "whole" in $("#material-known").dataset) {
      if (insisted !== typed) { insisted = typed; say(fill(T.notListed, { item: typed }), "error"); named.focus(); return; }
      insisted = "";
      await add({ job, kind: "note", data: { text: fill(T.offList, { qty: said, item: typed }) } });
      form.reset();
      clean(form);
      say(T.offListKept);
      return;
    }
    const row = $$("#material-list [data-item]").find((r) => r.dataset.item === item);
    const was = row ? Number(row.dataset.qty) : undefined;
    await add({ job, kind: "material", data: { item, qty, was }, about: row?.dataset.title ?? (good?.text || item), base: base() });
    form.reset();
    clean(form);
    say(T.kept);
  },
  signature: (form) => pad.sign(form),
  async checklist(form) { for (const item of $$(".item", form)) await answer(item); clean(form); },
  async photo() {},
};

// answer keeps what stands in one item of the checklist, if that is new.
async function answer(item) {
  const control = $("input:not([type=hidden], [type=file]), select, textarea", item);
  if (!control) return;
  const value = control.type === "checkbox" ? (control.checked ? "1" : "") : control.value.trim();
  if (value === item.dataset.value) return;
  control.toggleAttribute("aria-invalid", false);
  if (value && item.dataset.type === "number" && !Number.isFinite(Number(value.replace(",", ".")))) {
    control.setAttribute("aria-invalid", "true");
    say(fill(T.notNumber, { list: item.dataset.label }), "error");
    return;
  }
  const was = item.dataset.was;
  item.dataset.value = item.dataset.was = value;
  await add({ job, kind: "checklist", data: { label: item.dataset.label, value, was }, base: base() });
}

async function keeping(work) {
  try {
    await work();
  } catch (err) {
    say(isFull(err) ? T.fullText : T.unkept, "error");
  }
}

// once keeps a finger that taps twice from saying it twice.
const busy = new WeakSet();
async function once(form, work) {
  if (busy.has(form)) return;
  busy.add(form);
  await keeping(work);
  busy.delete(form);
}

export function start() {
  pad = startPad(job);
  startPhotos(job);
  document.addEventListener("submit", (event) => {
    const take = takers[event.target.dataset.kind];
    if (!take) return;
    event.preventDefault();
    once(event.target, () => { say(""); return take(event.target, event.submitter); });
  });
  document.addEventListener("change", (event) => {
    const item = event.target.closest(".item");
    if (!item || event.target.type === "file") return;
    say("");
    keeping(() => answer(item).then(() => clean(item)));
  });
}

export const paint = () => paintJob(job);
