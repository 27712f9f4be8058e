/** What the suites share that are scripts of boto3: a script prints "ok" or "FAILED" and a claim, line by line, and "done" at its end. */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { NodeProcess, rootDirectory, testKeys } from "../support/node-process.ts";
import { CannotRun, runSuite } from "../support/suite.ts";

const run = promisify(execFile);

/** @param name of the suite and of its script, test/clients/NAME.py, which is given endpoint and keys */
export const runBoto3Suite = (name: string): Promise<void> =>
  runSuite(name, async ({ directory, say, check }) => {
    await run("python3", ["-c", "import boto3"]).catch(() => {
      throw new CannotRun("boto3 is not installed");
    });
    const node = await NodeProcess.start({ data: join(directory, "data") });
    const script = join(rootDirectory, `test/clients/${name}.py`);
    const environment = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
    const keys = [testKeys.accessKeyId, testKeys.secretAccessKey];
    const driven = await run("python3", [script, node.endpoint, ...keys], { env: environment }).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    const lines = driven.stdout.trim().split("\n");
    for (const line of lines) {
      if (line.startsWith("ok ")) check(line.slice("ok ".length), true);
      else if (line !== "done") check(line, false);
    }
    check(`boto3 goes through to the end: ${driven.stderr}`, lines.at(-1) === "done");
    say(`${lines.length - 1} claims`);
    check("the node stops cleanly", (await node.stop()) === 0);
  });
