// Shows the hub's events as they come, newest first. The front page asks the hub
// with the demo's token; this script holds none.
const list = document.getElementById("events");
const names = [
  "quotation.sent", "quotation.accepted", "quotation.declined", "job.created", "job-claimed", "job-unblocked",
  "message.queued", "message.held", "message.sent", "message.failed", "delivery.taken", "delivery.died",
];

function show(event) {
  const line = document.createElement("li");
  const name = document.createElement("strong");
  name.textContent = event.type;
  line.append(new Date().toLocaleTimeString("fr-CA"), " ", name, " ", event.data);
  list.prepend(line);
  while (list.children.length > 50) list.lastElementChild.remove();
}

const source = new EventSource("/events?topics=jobs,quotations,messages,inbox");
for (const name of names) source.addEventListener(name, show);
addEventListener("pagehide", () => source.close());
