// Photos are made small enough for a rural network (1600 px, JPEG) before they
// are kept, which also leaves out where the phone was. They go up right away.
import { $, el, say } from "./dom.js";
import { isFull } from "./idb.js";
import { add } from "./outbox.js";
import { upload } from "./upload.js";
import { T } from "./words.js";

export async function fingerprint(bytes) {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...sum].map((b) => b.toString(16).padStart(2, "0")).join("");
}

export async function asFile(blob) {
  const bytes = await blob.arrayBuffer();
  return { bytes, type: blob.type, sha256: await fingerprint(bytes) };
}

const draw = (canvas) => (type, quality) => new Promise((resolve, reject) => {
  canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), type, quality);
});

// shrink reads a picture file and gives {bytes, type, sha256}. It fails with an
// EncodingError or InvalidStateError on what is no picture.
export async function shrink(file, long = 1600, quality = 0.82) {
  const image = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, long / Math.max(image.width, image.height));
  const canvas = el("canvas", { width: Math.round(image.width * scale), height: Math.round(image.height * scale) });
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high"; // bars and small print stay readable
  pen.fillStyle = "#ffffff"; // JPEG knows no transparency
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  return asFile(await draw(canvas)("image/jpeg", quality));
}

// keepPhoto keeps a photo for the job. On a full phone a smaller one is tried,
// then the network at once; if all that fails the technician is told.
export async function keepPhoto(job, picked, data, about) {
  const action = { job, kind: "photo", about, data: { ...data, taken_at: new Date().toISOString() } };
  let file;
  try {
    file = await shrink(picked);
  } catch {
    say(T.notPhoto, "error");
    return undefined;
  }
  for (const attempt of [() => file, () => shrink(picked, 1024, 0.6)]) {
    try {
      const small = await attempt();
      await add({ ...action, file: small });
      say(T.kept);
      return small.sha256;
    } catch (err) {
      if (!isFull(err)) throw err;
    }
  }
  return sendAtOnce(job, file, action);
}

async function sendAtOnce(job, file, action) {
  try {
    const url = await upload({ ...file, id: crypto.randomUUID(), job }, async () => {});
    await add({ ...action, data: { ...action.data, upload: url.slice(url.lastIndexOf("/") + 1) } });
    say(T.fullSent, "warn");
    return file.sha256;
  } catch {
    say(T.fullPhoto, "error");
    return undefined;
  }
}

// startPhotos watches the file inputs of the job page.
export function startPhotos(job) {
  document.addEventListener("change", async (event) => {
    const input = event.target;
    if (input.type !== "file" || !input.closest("[data-kind=photo], [data-kind=checklist]")) return;
    const item = input.closest("[data-label]")?.dataset.label;
    const kind = item ? "other" : $("#photo-kind").value, caption = item ?? $("#photo-caption").value.trim();
    const files = [...input.files];
    input.value = "";
    try {
      for (const picked of files) {
        const sum = await keepPhoto(job, picked, { kind, caption }, caption || T.photoKinds[kind]);
        if (sum && item) await add({ job, kind: "checklist", data: { label: item, value: sum.slice(0, 12) } });
      }
    } catch (err) {
      say(isFull(err) ? T.fullPhoto : T.unkept, "error");
    }
    if (!item) $("#photo-caption").value = "";
  });
}
