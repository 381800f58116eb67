// A job without a network; see TestDeadZone.
import { begin, base, change, launch, phone, photograph, pictures, ready, sendNow } from "./phone.mjs";

const browser = await launch(), complaints = [], saw = { complaints };
const shot = async (page, name) => { if (pictures) await page.screenshot({ path: `${pictures}/story-${name}.png`, fullPage: true }); };
try {
  const { page } = await phone(browser, complaints);
  await begin(page);
  await page.waitForSelector('[data-job="DJ-2"] .ready[data-ok="1"]');
  await page.click('[data-job="DJ-1"] .job-link');
  await ready(page);
  await change("cut");

  await page.click('#status button[value="En Route"]');
  await page.waitForSelector('#status-now[data-status="En Route"]');
  await page.click('#status button[value="In Progress"]');
  await page.waitForSelector('#status-now[data-status="In Progress"]');
  await page.fill("#item-0", "-18,4");
  await page.check("#item-1");
  await page.waitForSelector('[data-label="Câble fixé"] .mark');
  await page.fill("#note-text", "Fibre passée par le sous-sol");
  await page.click("#note-add");
  await page.waitForSelector("#note-list .mine");
  await page.setInputFiles("#photo-file", await photograph(page));
  await page.waitForSelector("#photo-list .mine");
  await page.fill("#signature-name", "Ève Tremblay");
  const box = await (await page.$("#signature-pad")).boundingBox();
  await page.mouse.move(box.x + 30, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + 160, box.y + 60, { steps: 5 });
  await page.mouse.up();
  await shot(page, "signing");
  await page.click("#signature-save");
  await page.waitForSelector("#signed .mark");
  await page.fill("#material-item", "CABLE-SC");
  await page.fill("#material-qty", "2,5");
  await page.click("#material-add");
  await page.waitForSelector("#material-list .qty .mark");
  await page.click("#scan-link");
  await ready(page);
  await page.setInputFiles("#scan-file", await photograph(page));
  await page.waitForSelector("#scan-list .mark.waiting");
  await shot(page, "scan");
  await page.goto(base + "/j/device/UNKNOWN");
  await page.waitForSelector("#offline");
  await page.goto(base + "/j/job/DJ-1");
  await ready(page);
  await page.reload();
  await ready(page);
  saw.kept = [
    await page.innerText("#status-now"), await page.inputValue("#item-0"), String(await page.isChecked("#item-1")),
    await page.innerText("#note-list .mine .text"), String(await page.locator("#photo-list .mine canvas").count()), await page.innerText("#signed"),
  ];
  saw.waiting = await page.innerText("#sync-count");
  await page.evaluate(() => { const now = Date.now; Date.now = () => now() + 25 * 3600 * 1000; dispatchEvent(new Event("offline")); });
  await page.waitForSelector("#sync-old:not([hidden])");
  saw.old = await page.innerText("#sync-old");
  await shot(page, "job");
  await page.goto(base + "/j/");
  await ready(page);
  saw.badge = await page.innerText('[data-job="DJ-1"] .badge');
  await shot(page, "day");

  await change("heal");
  await sendNow(page);
  await page.waitForSelector("#sync[data-state=clear]");
  saw.sent = await page.innerText("#sync-count");

  await change("conflict");
  await page.goto(base + "/j/job/DJ-1");
  await ready(page);
  await page.fill("#item-0", "-17");
  await page.press("#item-0", "Tab");
  await page.waitForSelector(".trouble[data-state=conflict]");
  [saw.mine, saw.theirs] = [await page.innerText(".yours dd"), await page.innerText(".theirs dd")];
  await shot(page, "conflict");
  await change("expire");
  await page.click(".take-mine");
  await page.waitForSelector("#sync-expired:not([hidden])");
  saw.expired = await page.innerText("#sync-expired p");
  await shot(page, "expired");
  await change("accept");
  await sendNow(page);
  await page.waitForSelector("#sync[data-state=clear]");

  await page.evaluate(() => { IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); }; });
  await page.fill("#note-text", "Sans place");
  await page.click("#note-add");
  await page.waitForSelector("#say.error");
  saw.full = await page.innerText("#say");
  if ((await page.inputValue("#note-text")) !== "Sans place") throw new Error("the note was lost");

  const later = await page.context().newPage();
  await later.goto(base + "/j/");
  await later.waitForSelector("#home-hint:not([hidden])");
  saw.hint = await later.innerText("#home-hint h2");

  await later.goto(base + "/j/job/DJ-1");
  await ready(later);
  await later.fill("#note-text", "Brouillon");
  await later.reload();
  await ready(later);
  saw.draft = await later.inputValue("#note-text");
  await change("cut");
  await later.click("#note-add");
  await later.waitForSelector("#note-list .mine");
  await change("expire"); // or the page would send it before the other one comes
  await change("heal");
  await begin(later, "other");
  saw.stranger = await later.innerText("#sync-count");
  await change("accept");
  await begin(later, "good");
  await later.waitForSelector("#sync[data-state=clear]");
  console.log(JSON.stringify(saw));
} finally {
  await browser.close();
}
