/// <reference lib="dom" />
/** What axe finds wrong with the page as it stands: one line per rule. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(await readFile(axe, "utf8"));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const found = await axe.run();
    return found.violations.map((v) => `${v.id}: ${v.nodes[0]?.html}`);
  });
}

/** The page at both widths and in both themes: accessible, and no wider than the window. */
export async function looksRight(page: Page): Promise<string[]> {
  const wrong: string[] = [];
  // A colour on its way to another theme is not yet the one to judge.
  await page.emulateMedia({ reducedMotion: "reduce" });
  for (const colorScheme of ["light", "dark"] as const)
    for (const width of [1440, 390]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await page.locator(".loading").waitFor({ state: "detached" });
      const found = await violations(page);
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) found.push("scrolls sideways");
      wrong.push(...found.map((one) => `${width} ${colorScheme}: ${one}`));
    }
  await page.setViewportSize({ width: 1440, height: 900 });
  return wrong;
}
