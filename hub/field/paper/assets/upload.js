// Bytes go up in pieces by the tus protocol (1.0.0), so that a dead zone in the
// middle costs one piece and not the photo. file is {id, job, bytes, type,
// sha256, url}; keep remembers what an interrupted upload goes on from.
const VERSION = { "Tus-Resumable": "1.0.0" };
const PIECE = 256 * 1024;
const patience = (seconds) => AbortSignal.timeout(seconds * 1000);

export class Refused extends Error {
  constructor(response, problem) {
    super(problem?.title ?? "refused");
    this.status = response.status;
    this.problem = problem;
    this.hub = Boolean(problem?.code || response.headers.get("Tus-Resumable") || /problem/.test(response.headers.get("Content-Type"))); // else it is somebody on the way
  }
}

// isHopeless tells that it is no use to say the same again.
export const isHopeless = (err) => err.hub && [400, 403, 404, 413, 415, 422].includes(err.status);

// must gives the hub's own answer; a page of somebody on the way is as good as no
// network.
const must = async (response) => {
  if (response.ok && response.headers.get("Tus-Resumable")) return response;
  throw new Refused(response, await response.json().catch(() => undefined));
};
const offsetOf = (response) => Number(response.headers.get("Upload-Offset") ?? 0);
const word = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

async function begin(file) {
  const about = { sha256: file.sha256, filename: file.id, filetype: file.type, job: file.job };
  const metadata = Object.entries(about).map(([name, value]) => `${name} ${word(value)}`).join(",");
  const made = await must(await fetch("/field/uploads", {
    method: "POST", signal: patience(20), headers: { ...VERSION, "Upload-Length": String(file.bytes.byteLength), "Upload-Metadata": metadata },
  }));
  return { url: made.headers.get("Location"), offset: offsetOf(made) };
}

async function goOn(file) {
  if (!file.url) return begin(file);
  const asked = await fetch(file.url, { method: "HEAD", headers: VERSION, signal: patience(20) });
  if ([404, 410].includes(asked.status) && asked.headers.get("Tus-Resumable")) return begin(file);
  return { url: file.url, offset: offsetOf(await must(asked)) };
}

// upload resolves with the address under which the hub has all bytes.
export async function upload(file, keep) {
  let { url, offset } = await goOn(file);
  let astray = 0;
  await keep({ url, sent: offset });
  while (offset < file.bytes.byteLength) {
    const sent = await fetch(url, {
      method: "PATCH", signal: patience(120), body: file.bytes.slice(offset, offset + PIECE),
      headers: { ...VERSION, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
    });
    if (sent.status === 409 && ++astray < 4) ({ url, offset } = await goOn({ ...file, url }));
    else offset = offsetOf(await must(sent));
    await keep({ url, sent: offset });
  }
  return url;
}
