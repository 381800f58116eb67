// What the scripts of this folder share: a browser that is signed in.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

export const [tools, base, world, pictures] = process.argv.slice(2);
const { chromium } = createRequire(tools + "/")("playwright-core");
const rules = readFileSync(`${tools}/node_modules/axe-core/axe.min.js`, "utf8");

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

export const change = (what) => fetch(`${world}/${what}`);

export async function open(browser, complaints, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "fr-CA", timezoneId: "America/Toronto", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("console", (m) => {
    if (["error", "warning"].includes(m.type()) && !/Failed to load resource|ERR_/.test(m.text())) complaints.push(m.text());
  });
  page.on("pageerror", (e) => complaints.push(String(e)));
  return { context, page };
}

export const drawn = (page) => page.waitForSelector("#board[data-drawn]");

// look says what is wrong with how the page looks: too wide, too small for a thumb,
// closed to somebody.
export async function look(page, name) {
  if (pictures) await page.screenshot({ path: `${pictures}/console-${name}.png`, fullPage: true });
  const wrong = [];
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (wide > 0) wrong.push(`${name}: ${wide} px too wide`);
  const small = await page.$$eval("button, a[href], select, [role=button]", (all) => all
    .filter((e) => e.checkVisibility() && !e.closest("p, .skip"))
    .filter((e) => { const box = e.getBoundingClientRect(); return box.height < 43.5 || box.width < 24; }).map((e) => e.outerHTML.slice(0, 90)));
  wrong.push(...small.map((e) => `${name}: too small: ${e}`));
  await page.evaluate(rules);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  for (const v of violations) {
    if (["serious", "critical", "moderate"].includes(v.impact)) wrong.push(`${name}: ${v.id} ${v.nodes.map((n) => `${n.target.join(" ")} ${n.any[0]?.message ?? ""}`).slice(0, 3).join("; ")}`);
  }
  return wrong;
}
