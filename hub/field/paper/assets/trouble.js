// What the hub would not take is shown with both versions, the technician's and
// the office's, and stays until he has decided. Nothing of his is thrown away
// before that.
import { $, el, focusOn, show } from "./dom.js";
import { find } from "./kept.js";
import { swap } from "./fresh.js";
import { dismiss, leave, resend } from "./outbox.js";
import { T, day, fill, status } from "./words.js";

const ticks = (value) => (value === "1" ? T.ticked : value === "" ? T.unticked : value);

// mine says in words what the technician did.
function mine({ kind, data, about }) {
  if (kind === "status") return [status(data.status), data.note].filter(Boolean).join(" · ");
  if (kind === "checklist") return `${data.label}${T.colon}${ticks(data.value)}`;
  if (kind === "material") return `${data.qty} × ${about ?? data.item}`;
  return data.text ?? about ?? data.caption ?? data.signer ?? T.none;
}

// theirs finds the same thing in the state that the hub answered with.
function theirs({ kind, data, file, answer }) {
  if (isLost({ kind, data, file, answer })) return T.lost;
  const doc = answer?.document;
  if (kind === "status" && doc?.status) return status(doc.status);
  if (kind === "checklist") {
    const item = doc?.checklist?.items?.find((i) => i.label === data.label);
    if (item) return `${item.label}${T.colon}${item.type === "check" ? ticks(item.answered ? "1" : "") : item.value || T.none}`;
  }
  if (kind === "material" && doc?.materials) return `${doc.materials.find((m) => m.item === data.item)?.qty ?? 0} × ${data.item}`;
  return told(answer?.error) || T.none;
}

// told says why; the hub's titles come in the language of the page, its details in
// English only.
const told = (error) => [error?.title, document.documentElement.lang === "en" && error?.detail].filter(Boolean).join(" – ");

// isLost tells of a picture that neither the phone nor the hub has any more.
const isLost = ({ data, file, answer }) => Boolean(answer?.lost || (data.upload && !file && answer?.error?.code === "not-found"));

// closing says why the office will not take it however often it is sent; "" when it
// may. Under a work order that is closed it still takes notes.
function closing({ state, kind, answer }) {
  if (state !== "conflict") return "";
  if (answer?.error?.code === "job-taken") return T.finalTaken;
  const at = answer?.document?.status;
  return kind !== "note" && answer?.error?.code === "state-conflict" && ["Completed", "Cancelled"].includes(at) ? fill(T.final, { status: status(at) }) : "";
}

function card(action) {
  const conflict = action.state === "conflict", final = closing(action), taken = action.answer?.error?.code === "job-taken";
  const again = async () => { await resend(action.id, action.answer?.document?.modified ?? ""); };
  const drop = async () => { await dismiss(action.id); if (await find(location.pathname)) await swap(); };
  const tell = async () => { await leave(action.id, fill(T.noteText, { kind: T.kinds[action.kind], what: mine(action), time: day(action.at) })); };
  const more = (name, act, word) => el("button", { type: "button", class: "second " + name, onclick: act }, word);
  return el("details", { class: "trouble", "data-id": action.id, "data-state": action.state },
    el("summary", {}, el("h3", {}, conflict ? T.conflictTitle : T.rejectedTitle), ` · ${T.kinds[action.kind]} · ${mine(action)}`),
    el("p", { class: "fine" }, `${T.kinds[action.kind]} · ${day(action.at)} · ${action.job}`),
    el("dl", { class: "versions" },
      el("div", { class: "yours" }, el("dt", {}, T.yours), el("dd", {}, mine(action))),
      el("div", { class: "theirs" }, el("dt", {}, T.theirs), el("dd", {}, theirs(action)))),
    final && el("p", { class: "final" }, final),
    el("div", { class: "actions" },
      el("button", { type: "button", class: "take-theirs", onclick: drop }, conflict && !taken ? T.takeTheirs : T.gotIt),
      final ? !taken && more("leave-note", tell, T.leaveNote) : !isLost(action) && more("take-mine", again, conflict ? T.takeMine : T.again)));
}

export function paintTroubles(place, actions) {
  const troubles = actions.filter((a) => a.state === "conflict" || a.state === "rejected");
  const known = new Set([...place.children].map((c) => c.dataset.id));
  const within = place.contains(document.activeElement);
  for (const old of [...place.children]) if (!troubles.some((a) => a.id === old.dataset.id)) old.remove();
  const fresh = troubles.filter((a) => !known.has(a.id));
  for (const action of fresh) place.append(card(action));
  if (fresh.length) for (const one of place.children) one.open = troubles.length === 1 || one.contains(document.activeElement); // several: one line each
  if (!known.size && troubles.length) $("h3", place)?.scrollIntoView({ block: "center" });
  show(place, troubles.length > 0);
  if (within) focusOn($("summary", place) ?? $("h1"));
}
