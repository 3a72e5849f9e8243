/** What every suite of the console begins with: the program, a browser, and a connection beside it; all ended with the bed. */
import { connect, type Tide } from "@tidegate/streams";
import type { Page } from "playwright-core";
import { openBrowser, type OpenBrowser } from "./open-browser.ts";
import { startProgram, type Program } from "./start-program.ts";

export interface OpenConsole {
  readonly program: Program;
  readonly browser: OpenBrowser;
  readonly page: Page;
  readonly tide: Tide;
}

/** Not signed in yet, so that what a suite needs can be there first. */
export async function openConsole(bed: AsyncDisposableStack, environment: NodeJS.ProcessEnv = {}): Promise<OpenConsole> {
  const program = await startProgram(environment);
  bed.defer(() => program.stop());
  const browser = await openBrowser();
  bed.defer(() => browser.close());
  const { redisUrl: url, redisPassword: password, namespace } = program;
  const tide = bed.use(await connect({ url, password, namespace, service: "shop" }));
  return { program, browser, page: browser.page, tide };
}

export async function signIn({ program, page }: OpenConsole): Promise<void> {
  await page.goto(await program.loginLink());
  await page.getByRole("heading", { name: "Overview" }).waitFor();
}
