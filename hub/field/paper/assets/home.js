// The phone is asked not to throw away what it keeps for us, and after the second
// visit the technician is shown how to put the pages on the home screen: what is
// kept for an installed app is not deleted after a week.
import { $, show } from "./dom.js";
import { get, put } from "./idb.js";
import { T } from "./words.js";

let offer;
addEventListener("beforeinstallprompt", (event) => { event.preventDefault(); offer = event; paint(); });

export async function atHome() {
  await navigator.storage?.persist?.().catch(() => false);
  if (!sessionStorage.getItem("visit")) {
    sessionStorage.setItem("visit", "1");
    await put("facts", ((await get("facts", "visits")) ?? 0) + 1, "visits");
  }
  $("#home-later")?.addEventListener("click", async () => {
    await put("facts", true, "no-hint");
    show($("#home-hint"), false);
  });
  $("#home-install")?.addEventListener("click", async () => {
    await offer?.prompt();
    show($("#home-hint"), false);
  });
  await paint();
}

async function paint() {
  const hint = $("#home-hint");
  if (!hint) return;
  const installed = matchMedia("(display-mode: standalone)").matches || navigator.standalone;
  const visits = (await get("facts", "visits")) ?? 0;
  if (installed || visits < 2 || (await get("facts", "no-hint"))) return;
  $("#home-how").textContent = offer ? "" : /iPhone|iPad/.test(navigator.userAgent) ? T.iosInstall : T.menuInstall;
  show($("#home-install"), Boolean(offer));
  show(hint, true);
}
