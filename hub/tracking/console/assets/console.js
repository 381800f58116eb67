// The dispatcher's page. The server writes the lists; this moves what moves: it
// reads the stream of positions, lets them age, reads the page again now and then for
// what the server alone knows, and has the map drawn when that can be seen.
const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
const show = (element, shown) => { if (element) element.hidden = !shown; };

const board = $("#board");
const T = JSON.parse($("#words").textContent);
const FRESH = Number(board.dataset.fresh), STALE = Number(board.dataset.stale); // seconds
const colon = board.dataset.lang === "fr" ? "\u00a0: " : ": ";
const AGAIN = 15_000; // how often the page is read again
const SOON = 3_000; // and how soon, when the stream speaks of somebody whom it does not have

const places = new Map(); // of technicians: {lat, lon, speed, status, taken}, taken by this clock
const written = new Map(); // rows by key, as the server wrote them
let rows = new Map(); // by key, as they stand
let map, chosen = "", stale = false, reading = false, asked = 0;

const index = () => { rows = new Map($$("tr[data-key]").map((row) => [row.dataset.key, row])); };

// ---- positions

// learn keeps what the server says of a technician, unless it is known better. Ages
// count from the moment they were told: the clocks need not agree.
function learn(technician, { lat, lon, speed, status, age }) {
  const taken = Date.now() - 1000 * age, known = places.get(technician);
  if (known && known.taken > taken + 1500) return;
  places.set(technician, { lat, lon, speed, status, taken });
}

const ageOf = (place) => Math.max(0, Math.floor((Date.now() - place.taken) / 1000));

function statusOf(place) {
  const age = ageOf(place);
  if (age > STALE) return "lost";
  if (age > FRESH) return "stale";
  return place.status === "moving" ? "moving" : "stopped";
}

function ago(seconds) {
  const [count, unit] = seconds >= 172800 ? [seconds / 86400, T.days] : seconds >= 3600 ? [seconds / 3600, "h"] : seconds >= 60 ? [seconds / 60, "min"] : [seconds, "s"];
  return T.ago.replace("%s", `${Math.floor(count)}\u00a0${unit}`);
}

function write(element, text) { if (element && element.textContent !== text) element.textContent = text; }

// tell writes how a technician is into his row, and gives it as his mark says it. The
// age is only seen: a reader that said it each second would never be silent.
function tell(row) {
  const { technician, name, text } = row.dataset, place = places.get(technician);
  if (!place) return undefined;
  const status = statusOf(place), state = $(".state", row);
  const since = ago(ageOf(place)) + (status === "moving" ? ` · ${Math.round(place.speed)} km/h` : "");
  row.dataset.status = status;
  state.dataset.state = status;
  write(state, T[status]);
  write($(".age", row), since);
  return { text, name: `${text} ${name}${colon}${T[status]}`, hint: `${name}${colon}${T[status]}, ${since}`, kind: `truck ${status}` };
}

// soon paints at most once a picture of the screen, however much is heard.
function soon() {
  if (stale) return;
  stale = true;
  requestAnimationFrame(paint);
}

// paint brings rows and map up to date.
function paint() {
  stale = false;
  const seen = new Set();
  for (const row of rows.values()) {
    const { key, technician, job, lat, lon } = row.dataset;
    const place = technician ? places.get(technician) : job && lat && { lat: Number(lat), lon: Number(lon) };
    if (!place) continue;
    const mark = technician ? tell(row) : workMark(row);
    reach(row);
    seen.add(key);
    map?.put(key, place.lat, place.lon, mark, key === chosen);
  }
  map?.keep(seen);
  if (chosen) sayChosen();
}

const signs = { "En Route": "➜", "In Progress": "●", Paused: "●", Completed: "✓", Cancelled: "×" };

function workMark({ dataset }) {
  const kind = dataset.status === "Completed" || dataset.status === "Cancelled" ? "over" : dataset.status === "En Route" || dataset.status === "In Progress" ? "now" : "";
  return { text: signs[dataset.status] ?? "○", name: `${dataset.name}${colon}${dataset.shown}`, kind: `work ${kind}` };
}

// ---- choosing

function sayChosen() {
  const row = rows.get(chosen);
  if (row) write($("#picked"), `${row.dataset.name}${colon}${row.dataset.shown ?? T[row.dataset.status]}`);
}

// choose marks a row, and looks at it from where it was not chosen.
function choose(key, from) {
  chosen = key;
  for (const row of $$("tr[aria-current]")) row.removeAttribute("aria-current");
  rows.get(key)?.setAttribute("aria-current", "true");
  sayChosen();
  if (from === "map") rows.get(key)?.scrollIntoView({ block: "nearest" });
  else if (map?.look(key)) $("#map").scrollIntoView({ block: "nearest" });
}

// reach makes the name of what has a place a button that shows it on the map.
function reach(row) {
  const who = $(".who", row);
  if (!map || who.firstElementChild) return;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "show", textContent: who.textContent });
  button.setAttribute("aria-label", T.show.replace("%s", () => who.textContent));
  button.addEventListener("click", () => choose(row.dataset.key, "list"));
  who.replaceChildren(button);
}

// ---- the page, read again

// take puts the rows that the server has changed into a list. The others stay as
// they are, with the focus that may be in them.
function take(list, fresh) {
  const rows = new Map($$("tr", list).map((row) => [row.dataset.key, row])); // "none" stands in both lists
  const held = document.activeElement?.closest?.("tr[data-key]")?.dataset.key;
  const next = $$("tr", fresh).map((row) => {
    const key = row.dataset.key, same = rows.has(key) && written.get(list.id + key) === row.outerHTML;
    written.set(list.id + key, row.outerHTML);
    return same ? rows.get(key) : document.adoptNode(row);
  });
  if (next.length === list.children.length && next.every((row, i) => row === list.children[i])) return;
  list.replaceChildren(...next);
  const again = held && !list.contains(document.activeElement) && next.find((row) => row.dataset.key === held);
  if (again) { reach(again); $("button", again)?.focus(); }
}

// read learns the positions of a page, and empties what the clock changes, so that
// only rows of which the server says something else are put anew.
function read(page) {
  for (const row of $$("#technicians tr[data-lat]", page)) {
    const { technician, lat, lon, speed, status, age } = row.dataset;
    learn(technician, { lat: Number(lat), lon: Number(lon), speed: Number(speed), status, age: Number(age) });
    for (const name of ["lat", "lon", "speed", "status", "age"]) delete row.dataset[name];
    $(".state", row).textContent = $(".age", row).textContent = $(".state", row).dataset.state = "";
  }
}

// settle is what follows each reading.
function settle() {
  index();
  rows.get(chosen)?.setAttribute("aria-current", "true");
  paint();
}

// again reads the page, one reading at a time.
async function again() {
  if (document.hidden || reading) return;
  reading = true;
  asked = Date.now();
  await reread().catch(() => {}); // an answer that broke off: there is a next one
  reading = false;
}

async function reread() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin", cache: "no-store", redirect: "manual" }).catch(() => undefined);
  if (answer?.type === "opaqueredirect" || answer?.status === 401 || answer?.status === 403) return trouble("left"); // a proxy sends away to sign in
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!$("#board", page)) return trouble("left");
  read(page);
  for (const id of ["technicians", "jobs"]) {
    take($(`#${id}`), $(`#${id}`, page));
    write($(`#${id}-count`), $(`#${id}-count`, page).textContent);
  }
  for (const id of ["as-of", "upstream"]) write($(`#${id}`), $(`#${id}`, page).textContent);
  show($("#upstream"), !$("#upstream", page).hidden);
  settle();
}

// ---- the stream

let stream, wait = 2000, retry;

// trouble says what the page cannot do any more: "cut", "left", or "" when all is
// well. Who may not read is not told of cuts.
function trouble(what) {
  if (what === "cut" && !$("#reload").hidden) return;
  show($("#cut"), what !== "");
  show($("#reload"), what === "left");
  if (what) write($("#cut-text"), T[what]);
}

function hear(event) {
  let strange = false;
  for (const item of JSON.parse(event.data).items ?? []) {
    if (!item.technician) continue;
    strange ||= !rows.has(`t:${item.technician}`);
    learn(item.technician, { lat: item.lat, lon: item.lon, speed: item.speed_kmh, status: item.status, age: item.age_s });
  }
  wait = 2000;
  trouble("");
  if (strange && Date.now() - asked > SOON) again();
  soon();
}

// follow opens the stream. A browser tries again by itself after a cut, but not
// after an answer that is none.
function follow() {
  clearTimeout(retry);
  stream?.close();
  if (!board.dataset.stream) return;
  stream = new EventSource(board.dataset.stream);
  for (const name of ["snapshot", "position"]) stream.addEventListener(name, hear);
  stream.addEventListener("error", () => {
    trouble("cut");
    if (stream.readyState !== EventSource.CLOSED) return;
    retry = setTimeout(() => { follow(); again(); }, wait * (0.5 + Math.random()));
    wait = Math.min(60_000, 2 * wait);
  });
}

// A page that nobody sees holds no stream.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { clearTimeout(retry); stream?.close(); return; }
  follow();
  again();
});

// ---- the map

async function draw() {
  const side = $("#map-side");
  show(side, true);
  try {
    const { draw } = await import(board.dataset.draw);
    map = await draw($("#map"), { module: board.dataset.map, tiles: board.dataset.tiles, credit: board.dataset.credit, lang: board.dataset.lang, choose });
  } catch {
    show($("#map"), false);
    show($(".under"), false);
    show($("#no-map"), true);
    return;
  }
  settle();
  map.all();
  board.dataset.drawn = "yes";
}

$("#everything").addEventListener("click", () => map?.all());
const copy = document.cloneNode(true);
read(copy);
for (const row of $$("tbody tr", copy)) written.set(row.parentElement.id + row.dataset.key, row.outerHTML);
setInterval(paint, 1000);
setInterval(again, AGAIN);
settle();
if (!document.hidden) follow();
draw();
