// The line that says how things stand: what waits, whether there is a network,
// when the page was refreshed, and what needs attention.
import { $, show } from "./dom.js";
import { all, get } from "./idb.js";
import { list, whose } from "./outbox.js";
import { T, clock, count, day, fill } from "./words.js";

const DAY = 24 * 3600 * 1000;
let busy = false;

export const setBusy = (on) => { busy = on; };

export async function paintBar() {
  const [actions, scans, tech, contact] = await Promise.all([list(), all("scans"), whose(), get("facts", "contact")]);
  const waiting = actions.filter((a) => a.state === "waiting" && a.tech === tech);
  const reading = scans.filter((s) => s.state === "waiting" && s.tech === tech);
  const troubles = actions.filter((a) => a.tech === tech && (a.state === "conflict" || a.state === "rejected"));
  const strangers = actions.filter((a) => a.tech !== tech && a.state === "waiting");

  const bar = $("#sync");
  bar.dataset.state = troubles.length ? "trouble" : waiting.length + reading.length ? "waiting" : "clear";
  write($("#sync-count"), [
    waiting.length || !reading.length ? (waiting.length ? count(waiting.length, T.waiting) : T.allSent) : "",
    reading.length ? count(reading.length, T.scansWaiting) : "",
    ...troubleWords(troubles),
    strangers.length ? count(strangers.length, T.others) : "",
  ].filter(Boolean).join(" · "));
  $("#sync-state").textContent = stateOf(contact, waiting.length + reading.length);
  $("#sync-refresh").textContent = fill(T.refreshed, { time: when($("#app").dataset.at) });
  show($("#sync-expired"), contact?.outcome === "expired" && navigator.onLine);
  show($("#sync-old"), waiting.some((a) => Date.now() - a.made > DAY));
  show($("#sync-now"), waiting.length + reading.length > 0);
  for (const tab of document.querySelectorAll("[data-waiting]")) tab.dataset.waiting = waiting.length || "";
}

// write leaves a text that stands already, else it would be read out once more.
const write = (place, text) => { if (place.textContent !== text) place.textContent = text; };

// unsettled says what its technician has on the phone that the hub has not; "" for
// nothing.
export async function unsettled() {
  const [actions, scans, tech] = await Promise.all([list(), all("scans"), whose()]);
  const mine = actions.filter((a) => a.tech === tech), waiting = mine.filter((a) => a.state === "waiting").length;
  const reading = scans.filter((s) => s.state === "waiting" && s.tech === tech).length;
  return [waiting && count(waiting, T.waiting), reading && count(reading, T.scansWaiting), ...troubleWords(mine)].filter(Boolean).join(" · ");
}

// troubleWords counts what the technician has to decide on.
export function troubleWords(actions) {
  return [["conflict", T.conflict], ["rejected", T.refused]].map(([state, words]) => [actions.filter((a) => a.state === state).length, words])
    .filter(([n]) => n > 0).map(([n, words]) => count(n, words));
}

function stateOf(contact, left) {
  if (busy && left) return T.sending;
  if (!navigator.onLine || contact?.outcome === "offline") return T.offline;
  if (contact?.outcome === "away") return T.away;
  if (contact?.outcome === "later" && left) return T.later;
  return contact?.sent ? fill(T.sentAt, { time: clock(contact.sent) }) : "";
}

// when names the moment, with its day unless it is of today.
function when(at) {
  if (!at) return "";
  return Date.now() - new Date(at) > DAY / 2 ? day(at) : clock(at);
}
