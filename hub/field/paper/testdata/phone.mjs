// What the scripts of this folder share: a phone with Chromium on it.
import { createRequire } from "node:module";

export const [tools, base, world, pictures] = process.argv.slice(2);
const { chromium } = createRequire(tools + "/")("playwright-core");

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

export const change = (what) => fetch(`${world}/${what}`);

export async function phone(browser, complaints, options = {}) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: "fr-CA", timezoneId: "America/Toronto", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("console", (m) => {
    if (["error", "warning"].includes(m.type()) && !/Failed to load resource|ERR_/.test(m.text())) complaints.push(m.text());
  });
  page.on("pageerror", (e) => complaints.push(String(e)));
  return { context, page };
}

// sendNow presses the button even if the page is just sending by itself, and hides it.
export const sendNow = (page) => page.$eval("#sync-now", (button) => button.click());

export const ready = (page) => page.waitForSelector("html[data-ready]");

// twice tries again. A browser that is looked into, as this one is, ends an old service
// worker even in the middle of an answer when a new one waits; the second time one
// meets the new one.
export const twice = (work) => work(12_000).catch(() => work(30_000));

export const begin = (page, token = "good") => twice(async (timeout) => {
  await page.goto(`${base}/j/${token}`, { timeout });
  await page.click("#open-day", { timeout });
  await page.waitForSelector("html[data-ready]", { timeout });
  await page.waitForSelector('[data-job="DJ-1"] .ready[data-ok="1"]', { timeout });
});

// A photo of 64 by 48 pixels, made by the page itself.
export async function photograph(page) {
  const bytes = await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#1a7";
    pen.fillRect(8, 8, 40, 30);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    return [...new Uint8Array(await blob.arrayBuffer())];
  });
  return { name: "photo.png", mimeType: "image/png", buffer: Buffer.from(bytes) };
}
