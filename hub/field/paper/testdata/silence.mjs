// The line falls silent during an update of the hub; see TestSilence.
import { begin, base, change, launch, phone, ready } from "./phone.mjs";

const browser = await launch(), complaints = [], saw = { complaints };
try {
  const { page } = await phone(browser, complaints);
  const see = async (path) => {
    await page.goto(base + path);
    await ready(page);
    return [
      await page.getAttribute('script[type="module"]', "src").then((src) => src.split("/")[3]),
      await page.evaluate(() => document.documentElement.dataset.release ?? "1"),
    ];
  };
  const until = async (fact) => { while (!(await fact())) await page.waitForTimeout(50); };
  const held = async () => (await change("held")).json();
  const shell = () => page.evaluate(() => caches.has("targo-shell-ffffffffffff"));
  await begin(page);
  await see("/j/job/DJ-1");

  await change("silent-/assets/ffffffffffff/");
  await change("update");
  saw.loading = await see("/j/job/DJ-1");

  await change("silent-/assets/ffffffffffff/job.js");
  await see("/j/");
  await until(() => page.evaluate(async () => (await (await caches.open("targo-pages")).match("/j/job/DJ-1"))?.headers.get("Targo-App") === "ffffffffffff"));
  await page.evaluate(() => { navigator.serviceWorker.getRegistration("/j/").then((r) => r.update()).catch(() => {}); });
  await until(async () => (await held()).length > 0);
  await change("silent-/");
  saw.kept = await see("/j/job/DJ-1");
  saw.day = await see("/j/");
  if (await shell()) throw new Error("half a shell is kept");
  console.log(JSON.stringify(saw));
} finally {
  await browser.close();
}
