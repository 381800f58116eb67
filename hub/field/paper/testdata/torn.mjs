// The signal is lost while an update of the service worker is fetched; see TestTorn.
import { begin, base, change, launch, phone, ready } from "./phone.mjs";

const browser = await launch(), complaints = [], saw = { complaints, waited: [] };
try {
  const { page } = await phone(browser, complaints);
  const see = async (path) => {
    await page.goto(base + path);
    await ready(page);
    return (await page.getAttribute('script[type="module"]', "src")).split("/")[3];
  };
  await begin(page);
  saw.before = await see("/j/job/DJ-1");
  await change("update");
  await change("still-9");
  saw.update = await see("/j/job/DJ-1");
  await page.evaluate(() => { navigator.serviceWorker.getRegistration("/j/").then((r) => r.update()).catch(() => {}); });
  while (!(await (await change("torn")).json())) await page.waitForTimeout(50);
  const begun = Date.now();
  saw.torn = await see("/j/job/DJ-1");
  saw.waited.push(Date.now() - begun);
  await change("mend");
  saw.healed = await see("/j/job/DJ-1");
  console.log(JSON.stringify(saw));
} finally {
  await browser.close();
}
