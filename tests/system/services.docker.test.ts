/** Services as a person and a script meet them: a real Tidegate, a real Docker Engine, `tidegate service` and the recipes of the justfile. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { exitsAtOnce, fill, listensAfter, startDocker, webServer, type DockerServer } from "../../packages/gateway/src/testing/index.ts";
import type { LogEntry, ServiceAnswer, ServiceDoneAnswer } from "../../packages/platform/src/contract.ts";
import { Program, type Result } from "./program.ts";

const SECRET = "a-secret-nobody-may-see";
const bed = new AsyncDisposableStack();
let docker: DockerServer;
let folder: string;
let program: Program;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidegate-service-"));
  bed.defer(() => rm(folder, { recursive: true, force: true }));
  docker = bed.use(await startDocker());
  await docker.image("hello:1", webServer("one"));
  await docker.image("hello:2", webServer("two"));
  await docker.image("slow:1", listensAfter(2, "slow"));
  await docker.image("broken:1", exitsAtOnce("no configuration file", 3));
  program = bed.use(await Program.up({ DOCKER_HOST: docker.url, TIDEGATE_CONTEXTS: folder }));
});

after(() => bed.disposeAsync());

test("create: a container that runs, at exactly the port asked for, told in events; its secret nowhere", async () => {
  const made = await tidegate(
    { PASSWORD: SECRET },
    ...words("service create hello --image hello:1 --port 8080 --memory 64m --secret PASSWORD"),
  );
  assert.equal(made.code, 0, made.stderr);
  const [, url = ""] = /open +(http:\S+)/.exec(made.stdout) ?? [];
  assert.match(made.stdout, /✓ hello runs \(.*s\)[\s\S]*port main +127\.0\.0\.1:\d+ → 8080[\s\S]*tidegate service logs hello -f/);
  assert.equal(await body(url), "one");
  const events = await tidegate({}, ...words("log search --event service_created --limit 10"));
  assert.match(events.stdout, /service_created.*service=hello/);
  const page = await tidegate({}, ...words("service show hello"));
  assert.match(page.stdout, /64m memory[\s\S]*PASSWORD=\*\*\*/);
  const all = await tidegate({}, ...words("log search --limit 500 --json"));
  for (const { stdout, stderr } of [made, events, page, all]) assert.ok(!`${stdout}${stderr}`.includes(SECRET));
  assert.match(
    (await tidegate({}, "service", "ls")).stdout,
    /^NAME\tSTATE\tIMAGE\tPORTS.*\nhello\trunning\thello:1\t127\.0\.0\.1:\d+→8080/,
  );
});

test("a host name comes and goes with its service, and answers at once", async () => {
  const made = await tidegate({}, ...words("service create shop --image hello:1 --port 8080 --host shop.localhost"));
  assert.equal(made.code, 0, made.stderr);
  const [, port = ""] = /^host +https:\/\/shop\.localhost:(\d+)$/m.exec(made.stdout) ?? [];
  assert.equal(await secureBody("shop.localhost", Number(port)), "one", made.stdout);
  assert.match((await tidegate({}, ...words("service show shop"))).stdout, /host +shop\.localhost, which goes with it/);
  const taken = await tidegate({}, ...words("service create other --image hello:1 --port 8080 --host shop.localhost"));
  assert.deepEqual([taken.code, /target "shop\.localhost" exists already/.test(taken.stderr)], [5, true], taken.stderr);
  assert.equal((await tidegate({}, ...words("service show other"))).code, 3);
  assert.equal((await tidegate({}, ...words("service delete shop --force"))).code, 0);
  assert.equal((await tidegate({}, ...words("proxy show shop.localhost"))).code, 3);
});

test("deploy: what is broken leaves the old one serving and says why in one line; what is good takes over; rollback", async () => {
  const url = await urlOf("hello");
  const broken = await tidegate({}, ...words("service deploy hello --image broken:1"));
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /^✗ [^\n]*(ended|exited)[^\n]*3[^\n]*\n/m);
  assert.match(broken.stderr, /^ +│ no configuration file$/m);
  assert.equal(await body(url), "one");
  assert.equal((await service("hello")).failure?.code, "CONTAINER_EXITED");

  assert.equal((await tidegate({}, ...words("service deploy hello --image hello:2 --env MODE=quiet"))).code, 0);
  assert.equal(await body(url), "two");
  assert.deepEqual((await service("hello")).environment, { MODE: "quiet", PASSWORD: "***" });
  const back = await tidegate({}, ...words("service rollback hello"));
  assert.match(back.stdout, /is back at the version before/);
  assert.equal(await body(url), "one");
});

test("what takes longer than a second shows its steps, and Ctrl-C leaves it running", async () => {
  const slow = await tidegate({}, ...words("service create slow --image slow:1 --port 8080"));
  assert.equal(slow.code, 0, slow.stderr);
  assert.match(slow.stderr, /✓ make the container, [\s\S]*✓ start it/);
  const left = program.start(words("service restart slow"));
  const said = text(left.stderr);
  await until(async () => (await service("slow")).operation !== null);
  left.kill("SIGINT");
  assert.deepEqual(await once(left, "close"), [130, null]);
  assert.match(await said, /goes on in the background[\s\S]*tidegate service show slow/);
  await until(async () => {
    const { operation, generation, container_id } = await service("slow");
    return operation === null && generation === 2 && container_id !== null;
  });
});

test("a Dockerfile is built, its log is shown where it fails", async () => {
  const context = join(folder, "app");
  await mkdir(context);
  fill(context, { "www/index.html": "built" });
  const dockerfile = 'FROM scratch\nCOPY . /\nCMD ["/bin/httpd","-f","-p","8080","-h","/www"]\n';
  await writeFile(join(context, "Dockerfile"), dockerfile);
  await writeFile(join(context, "Broken"), `${dockerfile}RUN ["/bin/sh","-c","echo half way; exit 9"]\n`);
  const built = await tidegate({}, "service", "create", "built", "--context", context, "--port", "8080", "--json");
  assert.equal(built.code, 0, built.stderr);
  const { port_configs: ports } = (JSON.parse(built.stdout) as ServiceDoneAnswer).service;
  assert.equal(await body(`http://127.0.0.1:${ports[0]?.host_port}`), "built");
  const failed = await tidegate({}, "service", "create", "fails", "--context", context, "--dockerfile", "Broken", "--port", "8080");
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /^ +│ half way$/m);
});

test("logs, also as they come; stats; ports; stop and start", async () => {
  const child = program.start(words("service logs slow -f"));
  const first = once(child.stdout, "data");
  assert.match(String((await first)[0]), /warming up/);
  child.kill("SIGINT");
  assert.deepEqual(await once(child, "close"), [130, null]);
  assert.match((await tidegate({}, ...words("service logs slow -n 5"))).stdout, /^warming up\n/);
  assert.match((await tidegate({}, ...words("service stats hello"))).stdout, /memory +[\d.]+ [KM]iB of 64\.0 MiB/);
  const added = await tidegate({}, ...words("service port-add hello second"));
  assert.equal(added.code, 0, added.stderr);
  assert.match((await tidegate({}, ...words("service ports hello"))).stdout, /main\t[\s\S]*second\t/);
  assert.equal((await tidegate({}, ...words("service port-remove hello second"))).code, 0);
  const url = await urlOf("hello");
  assert.equal((await tidegate({}, ...words("service stop hello"))).code, 0);
  await assert.rejects(body(url));
  assert.equal((await tidegate({}, ...words("service start hello"))).code, 0);
  assert.equal(await body(url), "one");
});

const MISTAKES: readonly (readonly [args: string, exitCode: number, code: string])[] = [
  ["create hello --image hello:1", 5, "NAME_TAKEN"],
  ["create two --image nowhere:9 --pull never", 1, "IMAGE_NOT_FOUND"],
  ["create two --image hello:1 --volume /etc:/host", 2, "OPTION_REFUSED"],
  ["create two --image hello:1 --secret NOT_SET", 2, "USAGE"],
  ["show nobody", 3, "UNKNOWN_SERVICE"],
  ["delete hello", 2, "USAGE"],
];

for (const [args, exitCode, code] of MISTAKES)
  test(`service ${args} is ${code}, exit code ${exitCode}`, async () => {
    const result = await tidegate({}, "service", ...words(args), "--json");
    assert.deepEqual([result.code, result.stdout], [exitCode, ""], result.stderr);
    assert.equal((JSON.parse(result.stderr) as { error: { code: string } }).error.code, code);
  });

test("the recipes of the earlier systems: just service-create …", async () => {
  const made = await program.just("service-create", "app", "hello:2", "", "8080", "128m", "0.5", "true");
  assert.deepEqual([made.code, /^host +\S+app\.localhost/m.test(made.stdout)], [0, true], made.stderr + made.stdout);
  assert.equal((await program.just("service-register", "shop", "https://shop.example/", "the shop")).code, 0);
  assert.match((await program.just("service-list-all")).stdout, /\napp\tdocker\trunning[\s\S]*\nshop\texternal\t.*https:\/\/shop\.example/);
  assert.equal((await program.just("service-delete", "app", "true")).code, 0);
  const { stdout } = await program.just("--summary");
  for (const recipe of ["service-create-exposed", "service-cleanup-orphaned", "service-port-add", "service-register", "create-app"])
    assert.ok(stdout.split(/\s+/).includes(recipe), recipe);
});

test("delete: nothing is left of it, neither container nor port", async () => {
  const url = await urlOf("hello");
  for (const name of ["hello", "slow", "built"]) {
    const gone = await tidegate({}, "service", "delete", name, "--force");
    assert.equal(gone.code, 0, gone.stderr);
  }
  await assert.rejects(body(url));
  assert.match((await tidegate({}, "service", "ls")).stdout, /There is none/);
  assert.match((await tidegate({}, ...words("service cleanup"))).stdout, /nothing to clean up/);
  assert.deepEqual(await docker.api.call("GET", "/containers/json?all=1"), []);
  const events = (await tidegate({}, ...words("log search --event service_deleted --limit 10 --json"))).stdout;
  assert.equal(events.split("\n").filter((one) => one !== "" && (JSON.parse(one) as LogEntry).fields["service"] === "hello").length, 1);
});

// Private

function words(line: string): string[] {
  return line.split(" ");
}

/** Asked by HTTP: looking often costs little. */
async function service(name: string): Promise<ServiceAnswer> {
  const { consoleUrl } = await program.instance();
  const headers = { authorization: `Bearer ${await program.read("admin-token")}` };
  return (await (await fetch(`${consoleUrl}/api/v1/services/${name}`, { headers })).json()) as ServiceAnswer;
}

async function urlOf(name: string): Promise<string> {
  return `http://127.0.0.1:${(await service(name)).port_configs[0]?.host_port}`;
}

async function body(url: string): Promise<string> {
  return (await (await fetch(url, { headers: { connection: "close" } })).text()).trim();
}

/** Past the local authority, which nobody here trusts. */
async function secureBody(host: string, port: number): Promise<string> {
  const to = { host: "127.0.0.1", port, servername: host, headers: { host }, agent: false, rejectUnauthorized: false };
  const [answer] = (await once(get(to), "response")) as [IncomingMessage];
  return (await text(answer)).trim();
}

function tidegate(env: Record<string, string>, ...args: string[]): Promise<Result> {
  return program.tidegate(args, env);
}

async function until(check: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await check())) {
    if (performance.now() > end) throw new Error("it did not come true in 20 seconds");
    await pause(50);
  }
}
