/** Debian's Chromium with one page, which writes down every complaint: console errors, thrown errors, content policy reports. */
import { existsSync } from "node:fs";
import { chromium, type Page } from "playwright-core";

export interface OpenBrowser {
  page: Page;
  complaints: string[];
  close(): Promise<void>;
}

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function openBrowser(): Promise<OpenBrowser> {
  const executablePath = process.env["CHROMIUM"] ?? places.find((place) => existsSync(place));
  if (!executablePath) throw new Error(`No Chromium at ${places.join(", ")}. Run \`npm run setup:test\`, or set CHROMIUM to its path.`);
  const browser = await chromium.launch({ executablePath, args });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => void dialog.dismiss().then(() => complaints.push(`dialog: ${dialog.message()}`)));
  return { page, complaints, close: () => browser.close() };
}
