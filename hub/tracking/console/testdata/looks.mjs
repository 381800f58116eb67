// How the page looks, and whether everybody can use it; see TestLooks.
import { base, drawn, launch, look, open, pictures } from "./phone.mjs";

const browser = await launch();
const saw = { Wrong: [], Complaints: [], Plain: "" };
const sizes = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 }, zoomed: { width: 195, height: 422 } };

for (const [size, viewport] of Object.entries(sizes)) {
  for (const lang of ["fr", "en"]) {
    for (const colorScheme of ["light", "dark"]) {
      // In a hurry a desk is seen by day in French and a phone by night in English.
      const first = { desk: "frlight", phone: "endark", zoomed: "frlight" }[size];
      if (lang + colorScheme !== first && (size === "zoomed" || !pictures)) continue;
      const { context, page } = await open(browser, saw.Complaints, { locale: `${lang}-CA`, colorScheme, viewport, bypassCSP: true });
      await page.goto(`${base}/console/map`);
      await drawn(page);
      await page.waitForFunction(() => document.querySelectorAll(".leaflet-tile-loaded").length > 0);
      await page.click("#technicians button");
      saw.Wrong.push(...(await look(page, `${size}-${lang}-${colorScheme}`)));
      await context.close();
    }
  }
}

// Without scripts the lists say it all, and there is no empty frame of a map.
const { context, page } = await open(browser, saw.Complaints, { javaScriptEnabled: false, viewport: sizes.phone });
await page.goto(`${base}/console/map`);
saw.Plain = [
  await page.locator("#map-side").isVisible(), await page.locator("noscript p").isVisible(),
  (await page.innerText('tr[data-technician="TECH-1"]')).includes("48"), await page.locator("tbody tr").count(),
].join();
await context.close();

await browser.close();
console.log(JSON.stringify(saw));
