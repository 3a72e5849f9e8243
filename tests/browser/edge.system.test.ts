/// <reference lib="dom" />
/** The front door in the console: a host and a route are made there, real requests go through the edge, and the pages tell of them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { makeCertificate } from "../../packages/gateway/src/certificates/testing/certificate.ts";
import type { OpenBrowser } from "./open-browser.ts";
import { openConsole, signIn } from "./open-console.ts";
import type { Program } from "./start-program.ts";
import { looksRight } from "./violations.ts";

describe("the edge in the console", { timeout: 120_000 }, () => {
  const bed = new AsyncDisposableStack();
  let upstream: string;
  let edge: URL;
  let program: Program;
  let browser: OpenBrowser;
  let page: Page;

  before(async () => {
    upstream = await serve(bed);
    const opened = await openConsole(bed, { HTTP_PORT: "0", HTTPS_PORT: "0", ACME_DIRECTORY_URL: "https://127.0.0.1:1/directory" });
    ({ program, page, browser } = opened);
    page.setDefaultTimeout(15_000);
    await signIn(opened);
  });

  after(() => bed.disposeAsync());

  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const state = (text: string) => page.locator("h1 .pill", { hasText: text }).waitFor();
  const form = (name: string) => page.getByRole("form", { name });

  test("a host is served from a form, and its requests are told with why they failed", async () => {
    await page.getByRole("link", { name: "Hosts", exact: true }).click();
    await page.getByText("No host is served yet").waitFor();
    await button("Serve a host").click();
    const host = form("New host");
    await host.getByRole("textbox", { name: "Host" }).fill("shop.localhost");
    await host.getByLabel("URL").fill("ftp://nowhere");
    await host.getByRole("combobox", { name: "HTTP", exact: true }).selectOption("serve");
    await button("Serve it").click();
    await host.getByRole("alert").getByText("INVALID_TARGET").waitFor();
    await host.getByLabel("URL").fill(upstream);
    await button("Serve it").click();
    await state("open");
    const reached = await page.getByRole("link", { name: /^http:\/\/shop\.localhost/ }).getAttribute("href");
    edge = new URL(reached ?? "");
    assert.deepEqual(await ask(edge, "/hello"), { status: 200, text: "/hello" });
    assert.equal((await ask(edge, "/broken")).status, 500);
    await page.getByRole("table", { name: "Recent requests" }).getByText("GET /hello").waitFor();
    const errors = page.getByRole("table", { name: "Last errors" });
    await errors.getByText("GET /broken").waitFor();
    assert.deepEqual(await looksRight(page), []);
    await errors.getByRole("link", { name: /^Why/ }).click();
    await page.getByRole("region", { name: "Why" }).waitFor();
    await page.getByRole("link", { name: "explain its way" }).click();
    await page.getByRole("region", { name: "What happens" }).getByText("shop.localhost itself serves").waitFor();
  });

  test("maintenance and a pause are begun and ended on its page", async () => {
    await page.goto(`${program.url}/proxy/shop.localhost`);
    await button("Maintenance").click();
    await form("Maintenance").getByRole("textbox").fill("Back at 18:00.");
    await button("Begin").click();
    await state("maintenance");
    const closed = await ask(edge, "/hello");
    assert.equal(closed.status, 503);
    assert.match(closed.text, /Back at 18:00\./);
    await button("Open").click();
    await state("open");
    await button("Pause").click();
    await state("paused");
    const waiting = ask(edge, "/later");
    await button("Resume").click();
    assert.equal((await waiting).status, 200);
    await state("open");
  });

  test("a password is asked for, and never shown", async () => {
    await page.getByRole("link", { name: "Access", exact: true }).click();
    await button("Add a user").click();
    const user = page.getByRole("group", { name: "User 1" });
    await user.getByLabel("Name").fill("anna");
    await user.getByLabel("Password").fill("hush-hush-hush");
    assert.deepEqual(await looksRight(page), []);
    await button("Save").click();
    await page.getByText("Whoever has a password (anna) may pass").waitFor();
    assert.equal((await ask(edge, "/hello")).status, 401);
    const authorization = `Basic ${btoa("anna:hush-hush-hush")}`;
    assert.equal((await ask(edge, "/hello", { authorization })).status, 200);
    await page.getByRole("link", { name: "Access", exact: true }).click();
    assert.equal(await user.getByLabel("Password").inputValue(), "");
    assert.doesNotMatch(await page.content(), /hush-hush-hush/);
    await button("Let everybody in").click();
    await page.getByRole("dialog").getByRole("button", { name: "Let everybody in" }).click();
    await page.getByText("Everybody may pass.").waitFor();
  });

  test("a route sends a path elsewhere, a second one for it is refused in words, and explain says which wins", async () => {
    await page.getByRole("link", { name: "Routes", exact: true }).last().click();
    await page.getByText("No route applies").waitFor();
    await page.getByRole("link", { name: "New route" }).click();
    const route = form("New route");
    assert.equal(await route.getByLabel("For the hosts").inputValue(), "shop.localhost");
    await route.getByRole("textbox", { name: "Path", exact: true }).fill("/api");
    await route.getByRole("textbox", { name: "URL" }).fill(`${upstream}/v2`);
    await route.getByLabel("Take off the path").fill("/api");
    await button("Create").click();
    const routes = page.getByRole("table", { name: "Routes in the order they are asked" });
    await routes.getByRole("row", { name: /api/ }).waitFor();
    assert.deepEqual(await ask(edge, "/api/orders"), { status: 200, text: "/v2/orders" });
    await button("New route").click();
    await route.getByRole("textbox", { name: "Path", exact: true }).fill("/api");
    await route.getByRole("textbox", { name: "URL" }).fill(upstream);
    await route.getByLabel("For the hosts").fill("shop.localhost");
    await button("Create").click();
    await route.getByRole("alert").getByText("takes the same requests as api").waitFor();
    assert.deepEqual(await looksRight(page), []);
    await page.getByRole("link", { name: "Explain a URL" }).click();
    await page.getByRole("textbox", { name: "URL" }).fill(`${edge.origin}/api/orders`);
    await button("Explain").click();
    await page.getByRole("row", { name: /api takes it/ }).waitFor();
    await page.getByRole("region", { name: "What happens" }).getByText("/v2/orders").first().waitFor();
    assert.deepEqual(await looksRight(page), []);
  });

  test("a route that is never asked is marked, with the one that takes its requests", async () => {
    const wide = { route_id: "wide", path_pattern: "/", priority: 100, target_type: "url", target_value: upstream };
    await program.request("POST", "/api/v1/routes", wide);
    await page.goto(`${program.url}/routes`);
    const mark = page.getByRole("row", { name: /^2 api never asked because of wide/ });
    await mark.waitFor();
    assert.deepEqual(await looksRight(page), []);
    await button("Disable wide").click();
    await mark.waitFor({ state: "detached" });
  });

  test("error pages and the TLS of an upstream are set in its settings", async () => {
    await page.goto(`${program.url}/proxy/shop.localhost?view=settings`);
    await button("Add an error page").click();
    const row = page.getByRole("group", { name: "Error page 1" });
    await row.getByLabel("HTML").fill("<h1>Nobody is in</h1>");
    await page.getByLabel("URL").fill("https://127.0.0.1:9");
    await page.getByLabel("Its certificate is not checked").check();
    await row.getByLabel("Status").fill("502");
    assert.deepEqual(await looksRight(page), []);
    await button("Save").click();
    await form("Settings").waitFor({ state: "detached" });
    assert.deepEqual(await ask(edge, "/hello"), { status: 502, text: "<h1>Nobody is in</h1>" });
    await page.getByRole("link", { name: "Settings" }).click();
    assert.equal(await page.getByLabel("Its certificate is not checked").isChecked(), true);
    await button("Remove error page 1").click();
    await page.getByLabel("URL").fill(upstream);
    await button("Save").click();
    await form("Settings").waitFor({ state: "detached" });
    assert.equal((await ask(edge, "/hello")).status, 200);
  });

  test("a certificate is uploaded, its key is not shown, and the authority of this machine can be trusted", async () => {
    await page.getByRole("link", { name: "Certificates", exact: true }).click();
    await page.getByText("There is no certificate yet").waitFor();
    await page.getByText("update-ca-certificates").first().waitFor();
    await button("Upload a certificate").click();
    const { certificate, key } = await makeCertificate({ names: ["app.example"] });
    const upload = form("Upload a certificate");
    await upload.getByLabel("Certificate, with its chain, as a file").setInputFiles({
      name: "fullchain.pem",
      mimeType: "application/x-pem-file",
      buffer: Buffer.from(certificate),
    });
    await upload.getByLabel("Private key", { exact: true }).fill("no key");
    await button("Upload").click();
    await upload.getByRole("alert").waitFor();
    await upload.getByLabel("Private key", { exact: true }).fill(key);
    await button("Upload").click();
    await page
      .getByRole("table", { name: "Certificates" })
      .getByRole("row", { name: /app\.example/ })
      .waitFor();
    assert.doesNotMatch(await page.content(), /PRIVATE KEY/);
    assert.deepEqual(await looksRight(page), []);
  });

  test("a certificate is asked for: what is in the way is shown first, then why it failed and what comes next", async () => {
    await page.getByRole("link", { name: "Certificates", exact: true }).click();
    await button("Get a certificate").click();
    const wish = form("Get a certificate");
    await wish.getByLabel("Domains").fill("https://shop.tidegate-tests.net/");
    await wish.getByText("without http://").waitFor();
    assert.equal(await button("Look and order").isDisabled(), true);
    await wish.getByLabel("Domains").fill("shop.tidegate-tests.net");
    await wish.getByLabel("From the staging server first").uncheck();
    await button("Look and order").click();
    await wish.getByRole("region", { name: "Preflight" }).getByText("shop.tidegate-tests.net").first().waitFor();
    assert.deepEqual(await looksRight(page), []);
    await wish.getByRole("button", { name: /^Order it/ }).click();
    await page.locator("h1 .pill", { hasText: "failed" }).waitFor();
    await page.getByRole("alert").getByText("ECONNREFUSED").waitFor();
    await page.getByText("the next attempt is due at").waitFor();
    await page.getByRole("link", { name: "its trace" }).waitFor();
    assert.deepEqual(await looksRight(page), []);
  });

  test("a host asks for its certificate when it is made, and takes it along when it is deleted", async () => {
    const serve = async (host: string) => {
      await page.goto(`${program.url}/proxy?new=host&host=${host}`);
      await form("New host").getByLabel("URL").fill(upstream);
      await page.getByLabel("Get a certificate from the CA").check();
      await page.getByLabel("From the staging server first").uncheck();
    };
    await serve("nowhere.tidegate-tests.net");
    assert.deepEqual(await looksRight(page), []);
    await page.getByText("--issue").waitFor();
    await button("Serve it").click();
    await page.getByText(/^No certificate was ordered for nowhere\.tidegate-tests\.net: .* Then: tidegate cert create/).waitFor();
    await state("open");
    await serve("shop.tidegate-tests.net");
    await button("Serve it").click();
    await page.getByRole("heading", { name: /Certificates.*shop\.tidegate-tests\.net/ }).waitFor();
    await page.goto(`${program.url}/proxy/shop.tidegate-tests.net`);
    await button("Delete").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("group", { name: "Its certificate shop.tidegate-tests.net" }).getByLabel("goes with it").check();
    await dialog.getByRole("textbox").fill("shop.tidegate-tests.net");
    assert.deepEqual(await looksRight(page), []);
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByText("The certificate shop.tidegate-tests.net is deleted.").waitFor();
    await page.getByRole("link", { name: "Certificates", exact: true }).click();
    await page.getByRole("row", { name: /app\.example/ }).waitFor();
    assert.equal(await page.getByRole("row", { name: /shop\.tidegate-tests/ }).count(), 0);
    await page.goto(`${program.url}/proxy/nowhere.tidegate-tests.net`);
    await button("Delete").click();
    await dialog.getByRole("textbox").fill("nowhere.tidegate-tests.net");
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { name: "Hosts", exact: true }).waitFor();
  });

  test("the status tells what the edge did", async () => {
    await page.getByRole("link", { name: "Status", exact: true }).click();
    const card = page.getByRole("region", { name: "Edge" });
    await card.getByText(/5xx \d/).waitFor();
    await card.getByText(edge.port, { exact: false }).first().waitFor();
    assert.deepEqual(await looksRight(page), []);
  });

  test("a deleted host is brought back from its revisions", async () => {
    await page.goto(`${program.url}/proxy/shop.localhost`);
    await button("Delete").click();
    await page.getByRole("dialog").getByRole("textbox").fill("shop.localhost");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("No host is served yet").waitFor();
    assert.equal((await ask(edge, "/hello")).status, 404);
    await page.goto(`${program.url}/proxy/shop.localhost`);
    await page.getByRole("link", { name: "bring it back" }).click();
    await page
      .getByRole("button", { name: /^Roll back shop.localhost to version/ })
      .first()
      .click();
    await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
    await page.getByText(/Rolled back target shop.localhost/).waitFor();
    await page.getByRole("row", { name: /rolled back/ }).waitFor();
  });

  test("printed no error and broke no content policy", () => {
    // A refusal is an answer here; Chromium writes it down as well.
    const complaints = browser.complaints.filter((line) => !line.startsWith("Failed to load resource"));
    assert.deepEqual(complaints, []);
  });
});

/** Answers with the path it was asked for; `/broken` with 500. */
async function serve(bed: AsyncDisposableStack): Promise<string> {
  const server: Server = createServer((asked, answer) => {
    answer.statusCode = asked.url === "/broken" ? 500 : 200;
    answer.end(asked.url);
  }).listen(0, "127.0.0.1");
  bed.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** To this machine, whatever the name resolves to here. */
async function ask(url: URL, path: string, headers: Record<string, string> = {}): Promise<{ status: number | undefined; text: string }> {
  const asked = request({ host: "127.0.0.1", port: url.port, path, agent: false, headers: { host: url.host, ...headers } });
  asked.end();
  const [answer] = (await once(asked, "response")) as [import("node:http").IncomingMessage];
  const parts = await answer.setEncoding("utf8").toArray();
  return { status: answer.statusCode, text: parts.join("") };
}
