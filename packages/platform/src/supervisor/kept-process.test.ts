import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { describe, it } from "node:test";
import { KeptProcess } from "./kept-process.ts";

/** Runs until its stdin closes; deaf to SIGTERM where asked. */
const SCRIPT = "if (process.argv[1] === 'deaf') process.on('SIGTERM', () => {}); process.stdin.resume(); console.log('up')";

describe("KeptProcess", () => {
  it("starts a dead child again, and not after a stop", async () => {
    const started = starts();
    const kept = keep("normal", 5000, started);
    kept.start();
    const first = await started.next();
    first.kill("SIGKILL");
    const second = await started.next();
    assert.notEqual(second.pid, first.pid);
    assert.equal(kept.restarts, 1);
    await kept.stop();
    assert.equal(kept.child, null);
    assert.equal(kept.gone.aborted, true);
  });

  it("ends a child that does not listen when its time is over", async () => {
    const started = starts();
    const kept = keep("deaf", 50, started);
    kept.start();
    const child = await started.next();
    await kept.stop();
    assert.equal(child.signalCode, "SIGKILL");
  });

  it("reports a program that does not exist and tries again later", async () => {
    const death = Promise.withResolvers<string>();
    const kept = new KeptProcess({
      name: "missing",
      spawn: () => spawn("/no/such/program"),
      stopLimit: 100,
      onStart: () => assert.fail("nothing started"),
      onDeath: (how) => death.resolve(how),
    });
    kept.start();
    assert.match(await death.promise, /ENOENT/);
    await kept.stop();
  });
});

interface Starts {
  push(child: ChildProcess): void;
  next(): Promise<ChildProcess>;
}

/** The children in the order in which they were up. */
function starts(): Starts {
  const waiting = [Promise.withResolvers<ChildProcess>(), Promise.withResolvers<ChildProcess>()];
  let pushed = 0;
  let taken = 0;
  return {
    push: (child) => void child.stdout?.once("data", () => waiting[pushed++]?.resolve(child)),
    next: () => waiting[taken++]?.promise ?? Promise.reject(new Error("only two starts were expected")),
  };
}

function keep(manner: string, stopLimit: number, started: Starts): KeptProcess {
  return new KeptProcess({
    name: "test",
    spawn: () => spawn(process.execPath, ["-e", SCRIPT, manner]),
    stopLimit,
    onStart: (child) => started.push(child),
    onDeath: () => {},
  });
}
