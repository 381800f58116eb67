// A dispatcher's hour with the page; see TestDispatchersHour.
import { base, change, drawn, launch, open } from "./phone.mjs";

const browser = await launch();
const saw = { Complaints: [] };
const { page } = await open(browser, saw.Complaints);
const row = (technician) => page.locator(`tr[data-technician="${technician}"]`);
const says = (technician, text) => row(technician).filter({ hasText: text }).waitFor();
const mark = (name) => page.locator(`.leaflet-marker-icon[aria-label*="${name}"]`);
const place = async (name) => { const { x, y } = await mark(name).boundingBox(); return [Math.round(x), Math.round(y)].join(); };

await page.goto(`${base}/console/map`);
await drawn(page);
saw.Marks = await page.locator(".leaflet-marker-icon").count();
saw.Credit = await page.innerText(".leaflet-control-attribution");
await says("TECH-1", "en mouvement");

// A technician drives, and stops.
const before = await place("Zoé");
await change("stop");
await says("TECH-1", "à l’arrêt");
saw.Moved = before !== await place("Zoé");
saw.Kind = await mark("Zoé").getAttribute("class");

// He is chosen in the list, then another on the map by keyboard.
await page.getByRole("button", { name: "Montrer sur la carte : Zoé Inventée", exact: true }).click();
saw.Picked = await page.innerText("#picked");
saw.Hint = (await mark("Zoé").getAttribute("title")).replace(/\d+/, "n");
await page.click("#everything");
await mark("Éloi").focus();
await page.keyboard.press("Enter");
await page.locator('tr[data-technician="TECH-2"][aria-current="true"]').waitFor();
saw.Current = await page.locator("tr[aria-current]").count();

// Tiles that are no longer wanted are let go without upsetting the page's policy.
for (const button of [".leaflet-control-zoom-in", ".leaflet-control-zoom-in", ".leaflet-control-zoom-out"]) await page.click(button);
saw.Zoom = await page.getAttribute(".leaflet-control-zoom-in", "aria-label");

// Somebody new is on the road, and work goes on; the focus stays where it was.
await row("TECH-1").getByRole("button").focus();
await change("newcomer");
await says("TECH-5", "en mouvement");
await mark("Nouvelle").waitFor();
saw.Focus = await page.evaluate(() => document.activeElement.closest("tr")?.dataset.technician);
saw.Status = await page.innerText('tr[data-job="DJ-1"] .chip');

// The source of positions falls silent, which the page says when it reads again.
await change("silent");
await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
await page.locator("#upstream", { hasText: "Traccar ne dit plus rien" }).waitFor();

// The hub is away for a while.
await change("cut");
await page.locator("#cut", { hasText: "coupée" }).waitFor();
await change("heal");
await page.locator("#cut").waitFor({ state: "hidden" });
await change("drive");
await says("TECH-1", "en mouvement");

// The session ends.
await change("left");
await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
await page.locator("#reload").waitFor();
await change("back");

// Without the library the lists live on.
const { page: poor } = await open(browser, saw.Complaints);
await poor.route("**/leaflet.js", (route) => route.abort());
await poor.goto(`${base}/console/map`);
await poor.locator("#no-map").waitFor();
await change("stop");
await poor.locator('tr[data-technician="TECH-1"]', { hasText: "à l’arrêt" }).waitFor();

await browser.close();
console.log(JSON.stringify(saw));
