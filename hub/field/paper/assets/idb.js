// What must survive a reload, a crash or a flat battery lives in IndexedDB:
//   actions  what the technician did and the hub has not taken yet
//   files    the bytes of photos and signatures on their way
//   scans    codes and photos of codes that wait for an answer
//   facts    small things by name (whose phone, sequence numbers, last contact)
const NAME = "targo-field";
let opening;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const ask = indexedDB.open(NAME, 1);
    ask.onupgradeneeded = () => {
      for (const store of ["actions", "files", "scans"]) ask.result.createObjectStore(store, { keyPath: "id" });
      ask.result.createObjectStore("facts");
    };
    ask.onsuccess = () => {
      const db = ask.result;
      db.onversionchange = () => { db.close(); opening = undefined; };
      db.onclose = () => { opening = undefined; };
      resolve(db);
    };
    ask.onerror = () => { opening = undefined; reject(ask.error); };
  });
  return opening;
}

const answer = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

// change runs work in one transaction over the stores and resolves with its
// result once everything is on the disk. Nothing is kept when work fails or the
// phone has no room (the error's name is QuotaExceededError then).
export async function change(stores, work) {
  const db = await open();
  const tx = db.transaction(stores, "readwrite", { durability: "strict" });
  const ended = new Promise((resolve, reject) => {
    tx.oncomplete = resolve;
    tx.onabort = () => reject(tx.error ?? new DOMException("aborted", "AbortError"));
  });
  ended.catch(() => {});
  try {
    const result = await work((store) => wrap(tx.objectStore(store)));
    await ended;
    return result;
  } catch (err) {
    try { tx.abort(); } catch { /* it has ended by itself */ }
    throw tx.error ?? err;
  }
}

const wrap = (store) => ({
  get: (key) => answer(store.get(key)),
  all: () => answer(store.getAll()),
  put: (value, key) => answer(key === undefined ? store.put(value) : store.put(value, key)),
  drop: (key) => answer(store.delete(key)),
});

async function read(store, method, ...keys) {
  const db = await open();
  return answer(db.transaction(store).objectStore(store)[method](...keys));
}

export const get = (store, key) => read(store, "get", key);
export const all = (store) => read(store, "getAll");
export const put = (store, value, key) => change([store], (s) => s(store).put(value, key));
export const drop = (store, key) => change([store], (s) => s(store).drop(key));
export const isFull = (err) => err?.name === "QuotaExceededError" || err?.inner?.name === "QuotaExceededError";
