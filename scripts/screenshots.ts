/**
 * Takes the README's screenshots of the console, in light and dark, from a running demo (`npm start`, then this). The page
 * stays open for some minutes' worth of samples only if asked: `node scripts/screenshots.ts [seconds]`, 60 by default.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openBrowser } from "../tests/browser/open-browser.ts";

const data = process.env["TIDEGATE_DATA"] ?? ".tidegate";
const target = fileURLToPath(new URL("../docs/images/", import.meta.url));
const seconds = Number(process.argv[2] ?? 60);

const { consoleUrl } = JSON.parse(await readFile(join(data, "instance.json"), "utf8")) as { consoleUrl: string };
const token = (await readFile(join(data, "admin-token"), "utf8")).trim();
const { page, close } = await openBrowser();
try {
  await page.goto(`${consoleUrl}/login`);
  await page.getByLabel("Admin token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".strip canvas").first().waitFor();
  console.log(`Collecting ${seconds} seconds of samples for the charts …`);
  await page.waitForTimeout(seconds * 1000);
  await mkdir(target, { recursive: true });
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForTimeout(300);
    await page.screenshot({ path: join(target, `console-${scheme}.png`) });
    console.log(`docs/images/console-${scheme}.png`);
  }
} finally {
  await close();
}
