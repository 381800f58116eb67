// Keeps the customer's page up to date: it asks how the visit stands as often as the
// answer says, and writes the words into the page. When the state changes the page is
// loaded anew, so that its words are in one place, the server.

const root = document.getElementById("track");
const at = (id) => document.getElementById(id);
const again = "targo-track-again"; // when the page was loaded anew last

let timer = 0;
let asking = false;
let missed = 0;

function plan(seconds) {
  clearTimeout(timer);
  if (seconds > 0 && !document.hidden) timer = setTimeout(look, seconds * 1000);
}

async function look() {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  let next = Number(root.dataset.refresh);
  const patience = new AbortController();
  const end = setTimeout(() => patience.abort(), 20000);
  try {
    const answer = await fetch(root.dataset.ask, { headers: { Accept: "application/json" }, cache: "no-store", signal: patience.signal });
    if (answer.status === 404) { next = anew(); return; }
    if (!answer.ok) throw new Error(String(answer.status));
    const seen = await answer.json();
    missed = 0;
    next = seen.refresh_s;
    root.dataset.refresh = next;
    const name = seen.technician?.first_name ?? "";
    if (seen.state !== root.dataset.state || name !== root.dataset.name) { next = anew(); return; }
    tell(seen);
  } catch {
    missed += 1;
    next = Math.min(next * 2 ** Math.min(missed, 3), 300);
  } finally {
    clearTimeout(end);
    asking = false;
    at("offline").hidden = missed < 2;
    plan(next);
  }
}

// anew loads the page, at most every ten seconds: replicas may differ for a moment.
// When it is too soon, the page asks once more then.
function anew() {
  let last = 0;
  try { last = Number(sessionStorage.getItem(again)); } catch { /* no storage: every time is the first */ }
  const left = last + 10000 - Date.now();
  if (left > 0 && left <= 10000) return Math.ceil(left / 1000);
  try { sessionStorage.setItem(again, Date.now()); } catch { /* no storage */ }
  location.reload();
  return 0;
}

// write changes a text only when it differs: whoever has it read aloud hears it once.
function write(id, text, row) {
  const element = at(id);
  if (!element) return;
  if (element.textContent !== text) element.textContent = text;
  if (row) at(row).hidden = text === "";
}

function tell(seen) {
  write("detail", seen.text.detail, "detail");
  write("eta", seen.text.eta, "eta-row");
  write("far", seen.text.distance, "far-row");
  write("seen", seen.text.as_of);
  if (!at("place")) return;
  at("place").hidden = !seen.sketch;
  if (!seen.sketch) return;
  at("dot").setAttribute("cx", seen.sketch.x);
  at("dot").setAttribute("cy", seen.sketch.y);
  write("reach", seen.sketch.reach_km);
  write("sketch-text", seen.text.distance);
  place(seen.position, seen.place);
}

// The map: its files are fetched when it is on the screen and there is something to
// show, and where data is dear only when somebody asks for it.
const map = at("map");
let view;
let truck;
let opening = false;
let wanted = false;
let places;

function place(position, home) {
  if (!map || !position) return;
  places = { position, home };
  if (view) {
    truck.setLatLng([position.lat, position.lon]);
    if (!view.map.getBounds().contains([position.lat, position.lon])) frame();
    return;
  }
  if (navigator.connection?.saveData && !wanted) at("show").hidden = false;
  else open();
}

function frame() {
  view.fit([[places.position.lat, places.position.lon], [places.home.lat, places.home.lon]]);
}

async function open() {
  if (opening || view) return;
  opening = true;
  at("show").hidden = true;
  map.hidden = false;
  try {
    const { open: draw } = await import(map.dataset.map);
    view = await draw(map, { tiles: "/tiles/{z}/{x}/{y}", attribution: map.dataset.credit, lang: map.dataset.lang, centre: [places.position.lat, places.position.lon], zoom: 13, wheel: false });
    view.mark(places.home.lat, places.home.lon, { text: "⌂", name: map.dataset.home, kind: "targo-home" });
    truck = view.mark(places.position.lat, places.position.lon, { text: "➤", name: map.dataset.truck, kind: "targo-truck" });
    frame();
    at("sketch").setAttribute("hidden", "");
  } catch {
    map.hidden = true; // the sketch stays
    at("show").hidden = false;
  } finally {
    opening = false;
  }
}

if (map) {
  at("show").addEventListener("click", () => { wanted = true; open(); });
  const { lat, lon, placeLat, placeLon } = map.dataset;
  if (lat) {
    const begin = () => place({ lat: Number(lat), lon: Number(lon) }, { lat: Number(placeLat), lon: Number(placeLon) });
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      begin();
    }, { rootMargin: "200px" });
    seen.observe(at("sketch"));
  }
}

document.querySelector("#who img")?.addEventListener("error", (event) => event.target.remove());
document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else look(); });
addEventListener("online", look);
addEventListener("pageshow", (event) => { if (event.persisted) look(); });
plan(Number(root.dataset.refresh));
