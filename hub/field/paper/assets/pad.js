// The customer signs with a finger. Who cannot draw writes the name, which is
// then put onto the pad: keyboards can sign too. The picture is dark on white
// whatever the phone's colours are.
import { $, say } from "./dom.js";
import { clean } from "./fresh.js";
import { add } from "./outbox.js";
import { asFile } from "./photo.js";
import { T } from "./words.js";

const INK = "#10201f", PAPER = "#ffffff";
let line = null, drawn = false;

const pad = () => $("#signature-pad");
const pen = () => pad().getContext("2d");

function wipe() {
  const p = pen();
  p.fillStyle = PAPER;
  p.fillRect(0, 0, pad().width, pad().height);
  drawn = false;
}

function point(event) {
  const box = pad().getBoundingClientRect();
  return [(event.clientX - box.left) * pad().width / box.width, (event.clientY - box.top) * pad().height / box.height];
}

function stroke(from, to) {
  const p = pen();
  Object.assign(p, { lineWidth: 4, lineCap: "round", strokeStyle: INK });
  p.beginPath();
  p.moveTo(...from);
  p.lineTo(...to);
  p.stroke();
}

// draw follows the finger; the page keeps the drawing until it is signed.
function draw(event) {
  if (event.target !== pad()) return;
  if (event.type === "pointerdown") {
    if (!drawn) wipe();
    pad().setPointerCapture(event.pointerId);
    pad().closest("[data-part]").dataset.dirty = "1";
    line = point(event);
    drawn = true;
    stroke(line, line);
  } else if (line && event.type === "pointermove") {
    const to = point(event);
    stroke(line, to);
    line = to;
  } else line = null;
}

function write(name) {
  wipe();
  const p = pen();
  p.fillStyle = INK;
  p.font = "italic 48px Georgia, 'Times New Roman', serif";
  p.fillText(name, 24, pad().height / 2 + 16, pad().width - 48);
}

export function startPad(job) {
  for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) document.addEventListener(type, draw);
  document.addEventListener("click", (event) => {
    if (event.target.id !== "signature-clear") return;
    wipe();
    clean(event.target);
  });
  return {
    async sign(form) {
      const signer = form.elements.signer.value.trim();
      if (!signer) { say(T.noName, "error"); form.elements.signer.focus(); return; }
      if (!drawn) write(signer);
      const blob = await new Promise((resolve) => pad().toBlob(resolve, "image/png"));
      await add({ job, kind: "signature", about: signer, data: { signer }, file: await asFile(blob) });
      clean(form);
      form.reset();
      wipe();
      say(T.kept);
    },
  };
}
