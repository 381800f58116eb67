// Pages are kept by their path, without the query: the language or a job that a
// page was opened for does not make it another page. Whatever the hub marks
// no-store (a link, a Wi-Fi password) is not kept. Nor is what somebody on the
// way answers in the hub's place, such as the page of a café's network.
import { tell } from "./radio.js";

const PAGES = "targo-pages", PICTURES = "targo-pictures";

// ours tells that the hub made the answer, and gives the version of its files.
export const ours = (response) => response.headers.get("Targo-App");

const mayKeep = (response) => response.ok && !response.redirected && ours(response) &&
  !/no-store/.test(response.headers.get("Cache-Control") ?? "no-store");

export async function find(path) {
  return (await caches.open(PAGES)).match(path);
}

// fetchPage asks the hub and keeps the answer. A page that is shown from what
// was kept hears that there is a newer one when told is true.
export async function fetchPage(path, request, told) {
  const response = await fetch(request ?? path, { cache: "no-store", signal: AbortSignal.timeout(30_000) });
  const ended = ours(response) && (response.status === 401 || response.status === 410);
  if (ended && (path === "/j/" || path.startsWith("/j/job/"))) await forget(); // whoever holds the phone now may not read them
  if (mayKeep(response)) {
    await (await caches.open(PAGES)).put(path, response.clone()).catch(() => {});
    if (told?.()) tell("fresh", { path });
  }
  return response;
}

// tidy lets go of the jobs that are on the list no more: they hold door codes.
export async function tidy(paths) {
  const pages = await caches.open(PAGES);
  for (const { url } of await pages.keys()) {
    const { pathname } = new URL(url);
    if (pathname.startsWith("/j/job/") && !paths.includes(pathname)) await pages.delete(pathname);
  }
  const pictures = await caches.open(PICTURES);
  for (const { url } of await pictures.keys()) {
    if (!paths.includes("/j/job/" + new URL(url).pathname.split("/")[3])) await pictures.delete(url);
  }
}

export const forget = async () => { await caches.delete(PAGES); await caches.delete(PICTURES); };

// picture gives a photo of a work order, which is the same for ever.
export async function picture(request) {
  const pictures = await caches.open(PICTURES);
  const answer = (await pictures.match(request)) ?? (await fetch(request, { signal: AbortSignal.timeout(30_000) }));
  if (answer.ok && /^image/.test(answer.headers.get("Content-Type"))) await pictures.put(request, answer.clone()).catch(() => {});
  return answer;
}

// versions gives those that the kept pages were made by: their files are needed.
export async function versions() {
  const pages = await caches.open(PAGES), found = new Set();
  for (const key of await pages.keys()) found.add(ours((await pages.match(key)) ?? new Response()));
  return found;
}
