// The words of what scripts show, in the language of the page; the service worker
// has no page, and names devices in French.
import en from "./words.en.js";
import fr from "./words.fr.js";

const lang = globalThis.document?.documentElement.lang === "en" ? "en" : "fr";
export const T = lang === "en" ? en : fr;

// count says "1 action" or "3 actions"; zero is one in French.
export const count = (n, [one, many]) => `${n} ${n > 1 || (n === 0 && lang === "en") ? many : one}`;

// fill puts values where {name} stands.
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

export const clock = (at) => new Intl.DateTimeFormat(lang + "-CA", { hour: "2-digit", minute: "2-digit", timeZone: "America/Toronto" }).format(new Date(at));
export const day = (at) => new Intl.DateTimeFormat(lang + "-CA", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: "America/Toronto" }).format(new Date(at));

// status names a state of a work order as people do.
export const status = (word) => T.status[word] ?? word;
