// Pages and the service worker tell each other what happened. Everybody hears
// what he says himself too, because he listens on a channel of its own.
//   added    there is something new to send
//   changed  actions or scans are not as they were
//   fresh    {path} a newer state of a page is kept on the phone
//   primed   {path, ok} a page was fetched for the dead zone
//   sending  {busy} sending has begun or ended
const NAME = "targo-field";
const speaker = new BroadcastChannel(NAME);

export const tell = (what, more = {}) => speaker.postMessage({ what, ...more });

export function hear(what, take) {
  const channel = new BroadcastChannel(NAME);
  channel.addEventListener("message", (event) => { if (event.data?.what === what) take(event.data); });
  return channel;
}
