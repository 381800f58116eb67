// A technician who is faster than the page; see TestEarly.
import { base, change, launch, phone, photograph, sendNow } from "./phone.mjs";

const browser = await launch(), complaints = [], saw = { complaints };

// hasty opens a work order whose scripts have not come yet, and says something.
async function hasty() {
  const { context, page } = await phone(browser, complaints);
  await context.addCookies([{ name: "targo_tech", value: "good", url: base }]);
  await change("silent-/job.js");
  await page.goto(base + "/j/job/DJ-1", { waitUntil: "commit" });
  await page.waitForSelector("html.scripted");
  await page.fill("#note-text", "Trop vite");
  await page.click("#note-add", { noWaitAfter: true });
  return page;
}

try {
  await change("expire"); // what waits stays to be seen
  const gone = await hasty();
  await gone.click("a.back", { noWaitAfter: true });
  await change("speak");
  await gone.waitForSelector('[data-job="DJ-1"] .badge:not(:empty)');
  saw.left = await gone.innerText('[data-job="DJ-1"] .badge');
  await gone.context().close();

  const page = await hasty();
  await page.evaluate(() => { globalThis.same = true; });
  await page.setInputFiles("#photo-file", await photograph(page));
  await change("speak");
  await page.waitForSelector("#photo-list .mine");
  saw.note = await page.innerText("#note-list .mine .text");
  await change("accept");
  await sendNow(page);
  await page.waitForSelector("#sync[data-state=clear]");
  saw.same = await page.evaluate(() => globalThis.same === true);
  console.log(JSON.stringify(saw));
} finally {
  await browser.close();
}
