/// <reference lib="dom" />
/** A service's whole life in the console, on a real Docker Engine; and the ports and tokens beside it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { exitsAtOnce, startDocker, webServer, type DockerServer } from "@tidegate/gateway/testing";
import type { Page } from "playwright-core";
import type { OpenBrowser } from "./open-browser.ts";
import { openConsole, signIn } from "./open-console.ts";
import type { Program } from "./start-program.ts";
import { looksRight } from "./violations.ts";

describe("the gateway in the console", { timeout: 180_000 }, () => {
  const bed = new AsyncDisposableStack();
  let docker: DockerServer;
  let program: Program;
  let browser: OpenBrowser;
  let page: Page;

  before(async () => {
    docker = bed.use(await startDocker());
    const opening = openConsole(bed, { DOCKER_HOST: docker.url });
    const images = { "shop:1": webServer("first"), "shop:2": webServer("second"), "shop:broken": exitsAtOnce("no such table: orders", 3) };
    await Promise.all(Object.entries(images).map(([name, files]) => docker.image(name, files)));
    const opened = await opening;
    ({ program, page, browser } = opened);
    page.setDefaultTimeout(15_000);
    await signIn(opened);
  });

  after(() => bed.disposeAsync());

  const state = (text: string) => page.locator("h1 .pill", { hasText: text }).waitFor();
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const deploy = async (image: string) => {
    await button("Deploy").click();
    const form = page.getByRole("form", { name: "Deploy" });
    await form.getByRole("textbox", { name: "Image" }).fill(image);
    await form.getByRole("button", { name: "Deploy" }).click();
    await form.waitFor({ state: "detached" });
  };

  /** What somebody is told who signs in with the token and restarts the service. */
  const refusalOf = async (secret: string) => {
    const context = await page.context().browser()?.newContext();
    const other = await context?.newPage();
    assert.ok(context && other);
    await other.goto(`${program.url}/login`);
    await other.getByLabel("Admin token").fill(secret);
    await other.getByRole("button", { name: "Sign in" }).click();
    await other.getByText("may not see this").waitFor();
    await other.getByRole("link", { name: "Services", exact: true }).click();
    await other.getByRole("link", { name: "shop" }).click();
    await other.getByRole("button", { name: "Restart" }).click();
    const told = await other.locator(".toast").textContent();
    await context.close();
    return told ?? "";
  };

  test("a service is made from an image and serves at its port", async () => {
    await page.getByRole("link", { name: "Services", exact: true }).first().click();
    await page.getByText("No services yet").waitFor();
    await button("New service").click();
    const form = page.getByRole("form", { name: "New service" });
    await form.getByLabel("Name", { exact: true }).first().fill("shop");
    await form.getByRole("textbox", { name: "Image" }).fill("shop:0");
    await form.getByRole("button", { name: "Add a variable" }).click();
    const variable = form.getByRole("group", { name: "Variable 1" });
    await variable.getByLabel("Name").fill("GREETING");
    await variable.getByLabel("is secret").check();
    await variable.getByLabel("Value").fill("hush-hush");
    await form.getByRole("button", { name: "Create" }).click();
    await form.getByRole("alert").getByText("IMAGE_NOT_FOUND").waitFor();
    await form.getByRole("textbox", { name: "Image" }).fill("shop:1");
    await form.getByRole("button", { name: "Create" }).click();
    await state("running");
    const address = await page.getByRole("table", { name: "Ports" }).getByRole("link").getAttribute("href");
    assert.equal((await (await fetch(address ?? "")).text()).trim(), "first");
    await page.getByText("of 256").waitFor();
    assert.deepEqual(await looksRight(page), []);
  });

  test("its settings name secrets without their values", async () => {
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByText("*** (secret)").waitFor();
    assert.doesNotMatch(await page.content(), /hush-hush/);
    await page.getByRole("link", { name: "Now" }).click();
  });

  test("a broken version is told in one line, and the old one serves on", async () => {
    await deploy("shop:broken");
    const failure = page.getByRole("region", { name: "Last failure" });
    await failure.getByText(/generation \d+ serves/).waitFor();
    await failure.getByText("no such table: orders").first().waitFor();
    await state("running");
    assert.deepEqual(await looksRight(page), []);
    await failure.getByRole("link", { name: "trace" }).click();
    await page.getByRole("heading", { name: "Log entries" }).waitFor();
    await page.goBack();
  });

  test("a good one takes over, and is rolled back", async () => {
    await deploy("shop:2");
    await page.locator(".facts").getByText("shop:2", { exact: true }).waitFor();
    await button("Roll back").click();
    await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
    await page.getByText("shop: rollback done").waitFor();
    await page.locator(".facts").getByText("shop:1", { exact: true }).waitFor();
    await page.getByRole("navigation", { name: "Service" }).getByRole("link", { name: "Revisions" }).click();
    await page.getByRole("table", { name: "Revisions" }).getByText("shop:2").waitFor();
    assert.deepEqual(await looksRight(page), []);
  });

  test("a port says who has it", async () => {
    await page.getByRole("link", { name: "Ports", exact: true }).click();
    const row = page.getByRole("table", { name: "Ports" }).getByRole("row", { name: /shop\/http/ });
    const port = await row.locator("td").first().textContent();
    await page.getByLabel("Is this port free?").fill(port ?? "");
    await button("Check").click();
    await page.locator(".answer").getByText("taken").waitFor();
    await page.locator(".answer").getByText("service:shop/http").waitFor();
    assert.deepEqual(await looksRight(page), []);
  });

  test("a token's secret is shown once, and it may do what it was given", async () => {
    await page.getByRole("link", { name: "Tokens" }).click();
    await button("New token").click();
    await page.getByLabel("Name", { exact: true }).fill("deploy-bot");
    await page.getByLabel("services: read").check();
    assert.deepEqual(await looksRight(page), []);
    await button("Create").click();
    const secret = (await page.locator(".secret .command code").textContent()) ?? "";
    assert.match(await refusalOf(secret), /needs the scope services:write/);
    await page.reload();
    await page.getByRole("row", { name: /deploy-bot/ }).waitFor();
    assert.ok(!(await page.content()).includes(secret));
    await button("Revoke deploy-bot").click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByText("Only the admin token").waitFor();
  });

  test("what runs is deleted only by name", async () => {
    await page.goto(`${program.url}/services/shop`);
    await button("Delete").click();
    const dialog = page.getByRole("dialog");
    assert.ok(await dialog.getByRole("button", { name: "Delete" }).isDisabled());
    await dialog.getByRole("textbox").fill("shop");
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByText("Deleting shop").waitFor();
    await page.getByText("No services yet").waitFor();
  });

  test("printed no error and broke no content policy", () => {
    // A refusal is an answer here; Chromium writes it down as well.
    const complaints = browser.complaints.filter((line) => !line.startsWith("Failed to load resource"));
    assert.deepEqual(complaints, []);
  });
});
