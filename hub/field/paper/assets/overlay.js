// What waits in the outbox is painted over what the hub said last, so that the
// page shows the work as it is on the spot, also after a reload in a dead zone.
import { $, $$, el, focusOn, picture, show } from "./dom.js";
import { get } from "./idb.js";
import { ofJob } from "./outbox.js";
import { paintTroubles } from "./trouble.js";
import { T, clock, fill, status } from "./words.js";

const pictures = new Map(); // photos that were drawn already, by action

export const missing = () => $$(".item[data-required]").filter((item) => !item.dataset.value);

const mark = (action) => el("span", { class: "mark " + action.state }, action.state === "done" ? T.sent : T.pending);

const painters = {
  status(action) {
    const now = $("#status-now");
    now.dataset.status = action.data.status;
    now.replaceChildren(status(action.data.status), " ", mark(action));
  },
  checklist(action) {
    const item = $$(".item").find((i) => i.dataset.label === action.data.label);
    if (!item) return;
    const control = $("input:not([type=hidden], [type=file]), select, textarea", item);
    item.dataset.value = item.dataset.was = action.data.value;
    if (control && control !== document.activeElement) {
      if (control.type === "checkbox") control.checked = action.data.value !== "";
      else control.value = action.data.value;
    }
    $(".item-mark", item).replaceChildren(mark(action));
  },
  note: (action) => append("#note-list", el("p", { class: "text" }, action.data.text), el("p", { class: "fine" }, clock(action.at), " ", mark(action))),
  async photo(action) {
    const file = action.file && (await get("files", action.file));
    if (file && !pictures.has(action.id)) pictures.set(action.id, await picture(file.bytes, file.type, action.about));
    const sent = file && action.state === "waiting" && file.sent > 0 && !action.data.upload
      ? el("span", { class: "mark waiting" }, fill(T.uploading, { percent: Math.floor(100 * file.sent / file.bytes.byteLength) })) : mark(action);
    append("#photo-list", pictures.get(action.id), el("p", {}, T.photoKinds[action.data.kind] ?? "", " ", action.data.caption ?? ""), el("p", { class: "fine" }, sent));
  },
  signature(action) {
    $("#signed").replaceChildren(fill(T.signed, { name: action.data.signer }), " ", mark(action));
    show($("#signed"), true);
  },
  material(action) {
    const row = $$("#material-list [data-item]").find((r) => r.dataset.item === action.data.item);
    if (row) { row.dataset.qty = action.data.qty; $(".qty", row).replaceChildren(String(action.data.qty), " ", mark(action)); } else {
      append("#material-list", el("p", {}, el("strong", { class: "qty" }, String(action.data.qty)), " × ", action.about ?? action.data.item), el("p", { class: "fine" }, mark(action)));
    }
  },
  equipment_link: (action) => append("#equipment-list", el("p", {}, action.about ?? action.data.equipment), el("p", { class: "fine" }, mark(action))),
  equipment_create: (action) => append("#equipment-list", el("p", {}, action.about), el("p", { class: "fine" }, mark(action))),
  equipment_swap: (action) => append("#equipment-list", el("p", {}, action.about), el("p", { class: "fine" }, mark(action))),
};

const append = (list, ...content) => $(list)?.append(el("li", { class: "mine" }, ...content));

export async function paintJob(job) {
  const actions = await ofJob(job);
  for (const old of $$(".mine")) old.remove();
  for (const action of actions) {
    if (action.state === "waiting" || action.state === "done") await painters[action.kind]?.(action);
  }
  paintSteps();
  paintTroubles($("#troubles"), actions);
}

// paintSteps lets the technician press what may follow the state that is shown.
function paintSteps() {
  const pressed = document.activeElement?.closest?.("#status button[data-from]");
  const now = $("#status-now")?.dataset.status;
  const atHub = now === $("#status-now")?.dataset.server;
  for (const button of $$("#status button[data-from]")) {
    const current = button.value === now;
    button.disabled = atHub ? !("now" in button.dataset) : !button.dataset.from.split("|").includes(now);
    button.toggleAttribute("aria-current", current);
    if (current) button.setAttribute("aria-current", "step");
  }
  show($("#finish"), now === "In Progress");
  if (pressed?.disabled) { pressed.blur(); focusOn($("#status button[data-from]:not(:disabled)") ?? $("#steps-title")); }
  const items = $$(".item"), open = missing().length, done = items.filter((i) => i.dataset.value).length;
  const left = $("#checklist-left");
  if (left) { left.textContent = `${done}/${items.length}`; left.dataset.open = open || ""; }
}
