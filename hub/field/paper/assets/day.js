// The day list: what waits of each job, and whether its page is on the phone.
import { troubleWords } from "./bar.js";
import { $, $$, el } from "./dom.js";
import { find } from "./kept.js";
import { own } from "./outbox.js";
import { hear } from "./radio.js";
import { paintTroubles } from "./trouble.js";
import { T, count, status } from "./words.js";

function badge(actions) {
  const waiting = actions.filter((a) => a.state === "waiting").length;
  return [
    waiting > 0 && el("span", { class: "mark waiting" }, count(waiting, T.waitingShort)),
    ...troubleWords(actions).map((words) => el("span", { class: "mark conflict" }, words)),
  ].filter(Boolean);
}

// kept says that the page of a job is on the phone, or, once that was tried, that
// it is not.
async function kept(card, tried = false) {
  const place = $(".ready", card), link = $("[data-prime]", card);
  if (!place || !link) return;
  const ok = Boolean(await find(link.getAttribute("href")));
  place.dataset.ok = ok ? "1" : "";
  place.textContent = ok ? T.ready : tried ? T.notReady : "";
}

export async function paint() {
  const actions = await own();
  for (const card of $$(".job[data-job]")) {
    const here = actions.filter((a) => a.job === card.dataset.job);
    $(".badge", card).replaceChildren(...badge(here));
    const last = here.filter((a) => a.kind === "status" && (a.state === "waiting" || a.state === "done")).at(-1);
    if (last) {
      const shown = $(".status", card);
      shown.dataset.status = last.data.status;
      shown.textContent = status(last.data.status);
    }
    await kept(card);
  }
  paintTroubles($("#troubles"), actions);
}

export function start() {
  hear("primed", (news) => {
    for (const card of $$(".job[data-job]")) if ($("[data-prime]", card)?.getAttribute("href") === news.path) kept(card, true);
  });
}
