// How the pages look, and whether they can be used; see TestLooks.
import { existsSync, readFileSync } from "node:fs";
import { begin, base, launch, phone, pictures, ready, tools } from "./phone.mjs";

const browser = await launch();
const saw = { small: [], wide: [], axe: [], complaints: [], keyboard: [] };
const rules = `${tools}/node_modules/axe-core/axe.min.js`;
const axe = existsSync(rules) ? readFileSync(rules, "utf8") : "";

// look checks the page that is open.
async function look(page, name) {
  if (pictures) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
  saw.small.push(...(await page.$$eval("a, button, summary, input:not([type=hidden]), select, textarea, label.check, label.file", (all) => all
    .filter((e) => e.offsetParent && !["checkbox", "file"].includes(e.type) && !e.matches(".skip"))
    .filter((e) => { const box = e.getBoundingClientRect(); return box.height < 44 || box.width < 44; })
    .map((e) => e.outerHTML.slice(0, 90)))).map((e) => `${name}: ${e}`));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (wide > 0) saw.wide.push(`${name}: ${wide} px`);
  if (!axe) return;
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  for (const v of violations) {
    if (["serious", "critical", "moderate"].includes(v.impact)) saw.axe.push(`${name}: ${v.id} ${v.nodes.map((n) => n.target.join(" ") + " " + (n.any[0]?.message ?? "")).slice(0, 3).join("; ")}`);
  }
}

async function tour(lang, scheme, viewport) {
  const { context, page } = await phone(browser, saw.complaints, { locale: lang + "-CA", colorScheme: scheme, viewport, bypassCSP: true });
  const name = (of) => `${lang}-${scheme}-${viewport.width}-${of}`;
  await page.goto(base + "/j/ended");
  await look(page, name("ended"));
  await page.goto(base + "/j/good");
  await look(page, name("link"));
  await begin(page);
  await look(page, name("day"));
  for (const [of, path] of [["job", "/j/job/DJ-1"], ["removal", "/j/job/DJ-3"], ["device", "/j/device/NR2000123"], ["offline", "/j/offline"]]) {
    await page.goto(base + path);
    if (of !== "offline") await ready(page);
    await look(page, name(of));
  }
  await page.goto(base + "/j/scan?job=DJ-1");
  await ready(page);
  for (const [code, found] of [["NEW-1", ".create-device"], ["AWAY-1", ".link-device"]]) {
    await page.fill("#scan-code", code);
    await page.click("#scan-look");
    await page.waitForSelector(found);
  }
  await look(page, name("scan"));
  await page.click(".link-device");
  await page.waitForSelector("#takeover[open]");
  await look(page, name("takeover"));
  await context.close();
}

// keyboard does a step and a note without a mouse or a finger.
async function keyboard() {
  const { context, page } = await phone(browser, saw.complaints);
  await begin(page);
  await page.goto(base + "/j/job/DJ-1");
  await ready(page);
  const reach = async (wanted) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((s) => document.activeElement.matches(s), wanted)) return;
    }
    throw new Error("not reached by keyboard: " + wanted);
  };
  await reach('#status button[value="En Route"]');
  await page.keyboard.press("Enter");
  await page.waitForSelector('#status-now[data-status="En Route"]');
  saw.keyboard.push((await page.innerText("#status-now")).replace(/ (en attente|envoyé)$/, ""));
  await reach("#note-text");
  await page.keyboard.type("Note tapée");
  await reach("#note-add");
  await page.keyboard.press("Enter");
  const note = page.locator("#note-list .text", { hasText: "Note tapée" });
  await note.first().waitFor();
  saw.keyboard.push(await note.first().innerText());
  await context.close();
}

try {
  await Promise.all([
    tour("fr", "light", { width: 390, height: 844 }),
    tour("en", "dark", { width: 195, height: 422 }), // 200 %
    pictures && tour("en", "dark", { width: 390, height: 844 }),
  ]);
  await keyboard();
  console.log(JSON.stringify(saw));
} finally {
  await browser.close();
}
