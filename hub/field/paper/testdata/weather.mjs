// A day between networks; see TestWeather.
import { begin, base, change, launch, phone, photograph, ready, twice } from "./phone.mjs";

const browser = await launch(), complaints = [], saw = { complaints };
try {
  const { page } = await phone(browser, complaints);
  const see = async (path) => { await twice((timeout) => page.goto(base + path, { timeout })); await ready(page); };
  await begin(page);
  await see("/j/job/DJ-1");
  await change("cut");
  await page.fill("#note-text", "Gardée");
  await page.$eval("#note-add", (button) => { button.click(); button.click(); }); // with gloves on
  await page.waitForSelector("#note-list .mine");
  await page.setInputFiles("#photo-file", await photograph(page));
  await page.waitForSelector("#photo-list .mine");

  for (const name of ["portal", "gate", "gateway"]) {
    await change(name);
    await change("heal");
    const seen = [];
    await see("/j/");
    seen.push(await page.locator("h1").evaluate((h) => h.firstChild.textContent.trim()));
    await see("/j/job/DJ-1");
    seen.push(await page.innerText("h1"));
    await page.click("#sync-now");
    await page.waitForSelector('#sync-state:has-text("ne répond pas")');
    seen.push(await page.innerText("#sync-count"));
    saw[name] = seen;
  }
  const release = async () => [
    await page.getAttribute('script[type="module"]', "src").then((src) => src.split("/")[3]),
    await page.evaluate(() => document.documentElement.dataset.release ?? "1"),
  ];
  await change("update");
  await see("/j/job/DJ-1");
  saw.release = await release();
  await page.waitForSelector("#sync[data-state=clear]");
  saw.sent = await page.innerText("#sync-count");
  await page.evaluate(async () => { while ((await (await caches.open("targo-shell-ffffffffffff")).keys()).length < 25 || (await navigator.serviceWorker.getRegistration("/j/")).installing) await new Promise((r) => setTimeout(r, 50)); });
  await see("/j/");
  await change("cut");
  await see("/j/job/DJ-1");
  saw.kept = await release();

  await change("calm");
  await change("heal");
  await see("/j/job/DJ-1");
  await change("news");
  await change("slow");
  await see("/j/job/DJ-1");
  const last = () => page.locator("#note-list .text").last().innerText();
  saw.slow = [await last()];
  await change("calm");
  await page.waitForSelector('#note-list .text:has-text("attaché")');
  saw.slow.push(await last());

  await change("conflict");
  await page.fill("#item-0", "environ -18");
  await page.press("#item-0", "Tab");
  await page.waitForSelector("#item-0[aria-invalid=true]");
  await page.fill("#item-0", "-18");
  await page.press("#item-0", "Tab");
  await page.waitForSelector(".trouble");
  saw.troubles = [];
  for (const token of ["other", "good"]) {
    await begin(page, token);
    saw.troubles.push(await page.locator(".trouble").count());
  }
  await page.focus(".take-theirs");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#troubles[hidden]", { state: "attached" });
  saw.focus = await page.evaluate(() => document.activeElement.tagName);

  await change("accept");
  const closed = await phone(browser, []);
  await closed.context.addInitScript(() => Object.defineProperty(self, "indexedDB", { get() { throw new DOMException("blocked", "SecurityError"); } }));
  await closed.page.goto(base + "/j/good");
  await closed.page.click("#open-day");
  await closed.page.goto(base + "/j/job/DJ-2");
  await closed.page.waitForSelector("#unkept:not([hidden])");
  await closed.page.fill("#note-text", "Sans mémoire");
  await closed.page.click("#note-add");
  await closed.page.waitForSelector('#note-list .text:has-text("Sans mémoire")');
  saw.blocked = await closed.page.innerText("#photos .plain-only");
  console.log(JSON.stringify(saw));
} finally {
  await browser.close();
}
