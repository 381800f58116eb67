// What is typed and not kept yet survives a reload or a phone that throws the page
// out of its memory: longer texts are drafts until their form is done.
import { $, $$ } from "./dom.js";

const key = (field) => `draft:${$("#app").dataset.tech}:${location.pathname}:${field.id}`;

export function keepDrafts() {
  document.addEventListener("input", ({ target }) => {
    if (target.tagName !== "TEXTAREA") return;
    try {
      if (target.value) localStorage.setItem(key(target), target.value);
      else localStorage.removeItem(key(target));
    } catch { /* a full phone: the text is still on the screen */ }
  });
}

export function restoreDrafts() {
  for (const field of $$("textarea[id]")) {
    const draft = localStorage.getItem(key(field));
    if (!draft || field.value) continue;
    field.value = draft;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

export function dropDrafts(form) {
  for (const field of $$("textarea[id]", form)) localStorage.removeItem(key(field));
}
