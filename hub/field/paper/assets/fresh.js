// A newer state of the page comes in without a reload: the parts that the hub
// has rendered anew take the place of the old ones, except those in which the
// technician has typed something that is not kept yet.
import { $, $$ } from "./dom.js";
import { dropDrafts } from "./draft.js";
import { find } from "./kept.js";

export const here = () => location.pathname;

// swap brings the kept page in, if it is wanted: when says when it was made.
export async function swap(wanted = () => true) {
  const kept = await find(here());
  if (!kept) return;
  const page = new DOMParser().parseFromString(await kept.text(), "text/html");
  if (page.documentElement.lang !== document.documentElement.lang) return;
  if (!wanted($("#app", page)?.dataset.at ?? "")) return;
  const focus = place(document.activeElement);
  for (const part of $$("[data-part]")) {
    const newer = page.getElementById(part.id);
    if (newer && !part.dataset.dirty) part.replaceWith(document.adoptNode(newer));
  }
  const about = $("#app", page);
  if (about) $("#app").dataset.at = about.dataset.at;
  if (focus && document.activeElement === document.body) $(focus)?.focus({ preventScroll: true });
}

// place says how to find an element again after its part was replaced.
function place(element) {
  if (!element?.closest?.("[data-part]")) return "";
  if (element.id) return "#" + CSS.escape(element.id);
  if (!element.name) return "";
  const value = element.tagName === "BUTTON" ? `[value="${CSS.escape(element.value)}"]` : "";
  return `[name="${CSS.escape(element.name)}"]${value}`;
}

// guard remembers where something was typed.
export function guard() {
  document.addEventListener("input", (event) => {
    const part = event.target.closest("[data-part]");
    if (part && !event.target.closest("[data-keeps]")) part.dataset.dirty = "1";
  });
}

export function clean(element) {
  const part = element.closest("[data-part]");
  if (part) delete part.dataset.dirty;
  if (element.tagName === "FORM") dropDrafts(element);
}
