// The outbox holds what the technician did, in order per job, until the hub has
// given its answer. An action is
//   {id, tech, job, seq, kind, at, base_modified, data, about, file, made, state, answer}
// state: waiting (not sent yet), done (taken; kept until the page shows it),
// conflict or rejected (the hub's answer waits for the technician).
import { all, change, get } from "./idb.js";
import { tell } from "./radio.js";

const writing = new Set(); // what add has begun
export const isWriting = () => writing.size > 0;
export const written = () => Promise.allSettled(writing);

export const whose = () => get("facts", "tech");

// add keeps an action, with the bytes of its file, in one piece: after it has
// resolved, nothing that happens to the phone short of the sea loses it. The same
// id a second time changes nothing. about is what the page shows of it, data what
// the hub gets.
export async function add({ id = crypto.randomUUID(), job, kind, data, about, base = "", file }) {
  const now = new Date();
  const work = change(["actions", "files", "facts"], async (s) => {
    if (await s("actions").get(id)) return;
    const tech = globalThis.document?.querySelector("#app")?.dataset.tech || ((await s("facts").get("tech")) ?? "");
    const seq = ((await s("facts").get("seq:" + job)) ?? 0) + 1;
    if (file) await s("files").put({ ...file, id, job, sent: 0 });
    await s("facts").put(seq, "seq:" + job);
    await s("actions").put({
      id, tech, job, seq, kind, data, about, base_modified: base, file: file ? id : undefined,
      at: now.toISOString(), made: now.getTime(), state: "waiting",
    });
  });
  writing.add(work);
  await work.finally(() => writing.delete(work));
  tell("changed");
  tell("added");
}

// list gives what anybody did on this phone, own what its technician did.
export async function own() {
  const tech = await whose();
  return (await list()).filter((a) => a.tech === tech);
}

export async function list() {
  const found = await all("actions");
  return found.sort((a, b) => (a.job === b.job ? a.seq - b.seq : a.job < b.job ? -1 : 1));
}

export const ofJob = async (job) => (await own()).filter((a) => a.job === job);

// settle writes the hub's answer to an action. Bytes that arrived are let go.
export async function settle(id, state, answer) {
  await change(["actions", "files"], async (s) => {
    const action = await s("actions").get(id);
    if (!action) return;
    await s("actions").put({ ...action, state, answer, settled: Date.now() });
    if (state !== "done") return;
    if (action.file) await s("files").drop(action.file);
    for (const a of await s("actions").all()) if (isOver(a, action)) await s("actions").drop(a.id);
  });
  tell("changed");
}

// isOver tells that a refusal means nothing any more: the same was said well later, or
// the work is done. What only the phone knows (a note, a photo, material) stays.
function isOver(old, now) {
  if (old.state !== "rejected" || old.job !== now.job || old.tech !== now.tech || old.seq >= now.seq) return false;
  if (now.kind === "status" && now.data.status === "Completed") return old.kind === "status" || old.kind === "checklist";
  if (old.kind !== now.kind) return false;
  return now.kind === "status" || (now.kind === "checklist" && old.data.label === now.data.label) || (now.kind === "material" && old.data.item === now.data.item);
}

// again puts what turn makes of an answered action at the end of its job's queue, as
// a new one that the technician does now.
async function again(id, turn) {
  const now = new Date();
  await change(["actions", "facts", "files"], async (s) => {
    const old = await s("actions").get(id);
    if (!old) return;
    const seq = ((await s("facts").get("seq:" + old.job)) ?? 0) + 1, action = await turn(old, s("files"));
    await s("facts").put(seq, "seq:" + old.job);
    await s("actions").drop(id);
    await s("actions").put({ ...action, id: crypto.randomUUID(), seq, at: now.toISOString(), made: now.getTime(), state: "waiting", answer: undefined });
  });
  tell("changed");
  tell("added");
}

// resend says it once more, knowing the state that the hub has shown. Bytes that
// are still here go up once more if the hub has them no longer.
export const resend = (id, base) => again(id, async (old, files) => {
  const { was, ...data } = old.data;
  if (old.kind.startsWith("equipment_") && old.state === "conflict") data.confirm = true;
  if (old.file && (await files.get(old.file))) delete data.upload;
  return { ...old, data, base_modified: base };
});

// leave tells the office in a note what it cannot take as it was meant.
export const leave = (id, text) => again(id, async ({ tech, job, file }, files) => {
  if (file) await files.drop(file);
  return { tech, job, kind: "note", data: { text: text.slice(0, 2000) }, base_modified: "" };
});

// dismiss lets an answered action go, because the technician says so.
export async function dismiss(id) {
  await change(["actions", "files"], async (s) => {
    const action = await s("actions").get(id);
    await s("actions").drop(id);
    if (action?.file) await s("files").drop(action.file);
  });
  tell("changed");
}

// sweep lets go of what the hub has taken, once a page fetched later shows it.
export async function sweep(job, fetchedAt) {
  await change(["actions"], async (s) => {
    for (const a of await s("actions").all()) {
      if (a.job === job && a.state === "done" && a.settled <= fetchedAt) await s("actions").drop(a.id);
    }
  });
  tell("changed");
}
