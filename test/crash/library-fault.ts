/**
 * A disk that fails under a node inside another program: the node ends itself and acknowledges nothing more, the program
 * lives on and ends by itself, and what was acknowledged before is there afterwards.
 */

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { NodeProcess, rootDirectory } from "../support/node-process.ts";
import { Shim, shimKinds } from "../support/shim.ts";
import { runSuite } from "../support/suite.ts";

const EIO = 5;
const faults = [
  { name: "a partition's commit", path: "partitions/0000/meta/data.mdb", kinds: shimKinds.sync },
  { name: "a partition's write", path: "partitions/0000/meta/data.mdb", kinds: shimKinds.write },
] as const;

/**
 * When a write fails, LMDB 3.5.6 formats a text of up to 113 bytes, with sizes that nobody has set, into 100 (mdb.c,
 * "Attempting to write page at position"): now and then glibc then ends the program, and there is nothing to look at.
 */
const attemptsMax = 4;

interface Attempt {
  readonly code: unknown;
  readonly out: string;
  readonly data: string;
}

await runSuite("library-fault", async ({ directory, say, check }) => {
  const shim = Shim.build(directory);
  const attempt = async (place: string, path: string, kinds: number): Promise<Attempt> => {
    const data = join(directory, `data-${place}`);
    const armed = join(directory, `armed-${place}`);
    shim.disarm();
    const program = join(rootDirectory, "dist/test/library/fault-program.js");
    const child = spawn(process.execPath, [program, data, armed], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...shim.environment(data) },
      timeout: 60_000,
    });
    let out = "";
    child.stdout.on("data", (piece: Buffer) => {
      out += piece.toString();
      if (out !== "arm\n") return;
      shim.arm({ failErrno: EIO, kinds, path });
      writeFileSync(armed, "");
    });
    const code = await new Promise((resolve) => child.on("close", (exitCode, signal) => resolve(exitCode ?? signal)));
    shim.disarm();
    return { code, out, data };
  };
  for (const [index, { name, path, kinds }] of faults.entries()) {
    let { code, out, data } = await attempt(`${index}-1`, path, kinds);
    for (let number = 2; code === "SIGABRT" && number <= attemptsMax; number++) {
      say(`${name}: glibc ended the program; once more`);
      ({ code, out, data } = await attempt(`${index}-${number}`, path, kinds));
    }
    say(`${name}: ${out.split("\n")[1]}`);
    check(`${name}: the program ends by itself with 0: ${code}`, code === 0);
    const told = JSON.parse(out.split("\n")[1] ?? "{}") as Readonly<Record<string, unknown>>;
    check(`${name}: writes before are acknowledged`, JSON.stringify(told["before"]) === "[200,200]");
    check(
      `${name}: nothing is acknowledged from then on`,
      told["during"] === "no answer" && told["after"] === "no answer",
    );
    check(`${name}: the reason is told`, /commit/.test(String(told["reason"])));
    check(`${name}: the node has ended`, told["isResetRefused"] === true);
    check(`${name}: another node serves`, told["status"] === 200);
    check(`${name}: the directory stays locked`, told["again"] === "DIRECTORY_LOCKED");
    const node = await NodeProcess.start({ data, arguments: ["--set", "metrics.open=true"] });
    check(`${name}: the next start is sound`, (await node.stop()) === 0);
  }
});
