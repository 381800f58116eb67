// Opens the acceptance page as a customer would, on a phone: reads, signs, and
// prints what the page says afterwards. With a third argument it also keeps
// pictures in that folder.
import { createRequire } from "node:module";

const [tools, url, pictures] = process.argv.slice(2);
const { chromium } = createRequire(tools + "/")("playwright-core");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
try {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 }, locale: "fr-CA" });
  const complaints = [];
  page.on("console", (m) => { if (m.type() === "error") complaints.push(m.text()); });
  const shot = async (name) => { if (pictures) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true }); };

  await page.goto(url);
  await shot("open");
  const small = await page.$$eval("button, summary, input:not([type=hidden]), .check",
    (all) => all.filter((e) => e.offsetParent && e.type !== "checkbox" && e.getBoundingClientRect().height < 44).map((e) => e.outerHTML.slice(0, 80)));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await page.fill("input[name=name]", "Ève Tremblay");
  for (const box of await page.$$("input[name=consents]")) await box.check();
  await page.click("button.primary");
  await page.waitForSelector(".notice");
  await shot("signed");
  console.log(JSON.stringify({
    title: await page.textContent(".notice h2"), text: await page.textContent(".notice p"),
    forms: await page.$$eval("form", (f) => f.length), lang: await page.getAttribute("html", "lang"),
    small, wide, complaints,
  }));
} finally {
  await browser.close();
}
