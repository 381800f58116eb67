// Shows the hub's events as they come, newest first, after the last ones that it
// still has; and fetches the sections marked data-live anew when an event says
// that a quotation or a message has changed. The front page asks the hub with the
// demo's token; this script holds none.
const kept = 50;
const names = [
  "quotation.sent", "quotation.accepted", "quotation.declined", "job.created", "job-claimed", "job-unblocked",
  "message.queued", "message.held", "message.sent", "message.failed", "delivery.taken", "delivery.died",
];
const doctypes = { quotation: "Quotation", contract: "Service Contract", job: "Dispatch Job", customer: "Customer" };
const told = ["status", "channel", "reason", "subject", "assigned_group", "scheduled_date", "source", "technician"];

const list = document.getElementById("events");
let source;
let last = 0; // the id of the newest event shown
let soon;
let refreshed = Promise.resolve();

function link(doctype, name) {
  const a = document.createElement("a");
  a.href = "/town/" + encodeURIComponent(doctype) + "/" + encodeURIComponent(name);
  a.textContent = name;
  return a;
}

function show(event) {
  last = Number(event.lastEventId) || last;
  const data = JSON.parse(event.data);
  const line = document.createElement("li");
  const name = document.createElement("strong");
  name.textContent = event.type;
  line.append(new Date(data.at ?? Date.now()).toLocaleTimeString("fr-FR", { timeZone: "America/Toronto" }), " ", name);
  for (const [key, doctype] of Object.entries(doctypes)) if (data[key]) line.append(" ", link(doctype, data[key]));
  const rest = told.filter((key) => data[key]).map((key) => data[key]);
  if (rest.length) line.append(" ", rest.join(", "));
  list.prepend(line);
  while (list.children.length > kept) list.lastElementChild.remove();
  if (/^(message|quotation)\./.test(event.type)) refreshSoon();
}

function refreshSoon() {
  soon ??= setTimeout(() => {
    soon = undefined;
    refreshed = refreshed.then(refresh).catch(() => {}); // the next event brings the next try
  }, 300);
}

// refresh replaces the sections that have changed, and keeps what is unfolded in
// them and where the keyboard is.
async function refresh() {
  const answer = await fetch("/", { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const fresh of page.querySelectorAll("[data-live]")) {
    const shown = document.getElementById(fresh.id);
    const unfolded = [...shown.querySelectorAll("details[open]")].map((each) => each.id);
    const focus = shown.contains(document.activeElement) ? document.activeElement.closest("[id]").id : "";
    for (const id of unfolded) fresh.querySelector("#" + CSS.escape(id))?.setAttribute("open", "");
    if (shown.innerHTML === fresh.innerHTML) continue;
    shown.replaceChildren(...fresh.childNodes);
    const target = focus && document.getElementById(focus);
    if (target) (target.querySelector("summary") ?? target).focus();
  }
}

// listen begins after the last event shown; at first, with the oldest that the
// hub has. A browser gives up on a hub that is away, so this comes back by itself.
function listen() {
  source = new EventSource("/events?topics=jobs,quotations,messages,inbox&last_event_id=" + last);
  for (const name of names) source.addEventListener(name, show);
  source.addEventListener("reset", refreshSoon);
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => { listen(); refreshSoon(); }, 3000);
  });
}

listen();
addEventListener("pagehide", () => source.close());
addEventListener("pageshow", (event) => { if (event.persisted) { listen(); refreshSoon(); } });
