/**
 * Runs the README's first screen as written: the two commands in a fresh copy of the repository, then the `aws s3 cp`
 * with the credentials that the first start printed. A second start keeps what was stored and prints no secret again.
 */

import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rootDirectory } from "../support/node-process.ts";
import { CannotRun, runSuite } from "../support/suite.ts";

const readyMsMax = 10_000;

/** What `npm start` has printed so far, and how to end it. */
interface Started {
  readonly tookMs: number;
  printed(): string;
  stop(): Promise<number | string>;
}

const isReady = (): Promise<boolean> =>
  fetch("http://127.0.0.1:9000/health/ready").then(
    (answer) => answer.status === 200,
    () => false,
  );

async function npmStart(directory: string): Promise<Started> {
  const started = performance.now();
  const server = spawn("npm", ["start"], { cwd: directory, detached: true, stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise<number | string>((resolve) => {
    server.on("exit", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  let printed = "";
  server.stdout.on("data", (piece: Buffer) => {
    printed += piece.toString();
  });
  while (!(await isReady()) && performance.now() - started < 60_000 && server.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const tookMs = performance.now() - started;
  // The banner follows when everything is up.
  await new Promise((resolve) => setTimeout(resolve, 500));
  return {
    tookMs,
    printed: () => printed,
    stop: async () => {
      if (server.exitCode === null) process.kill(-(server.pid ?? 0), "SIGTERM");
      return exited;
    },
  };
}

await runSuite("readme", async ({ directory, say, check }) => {
  const readme = readFileSync(join(rootDirectory, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  const [start = "", use = ""] = blocks;
  check("the first block is the two commands", start.trim() === "npm ci\nnpm start");
  check("the second block copies a file", use.includes("aws s3 cp"));
  if (await isReady()) throw new CannotRun("something serves on port 9000 already");
  const clone = join(directory, "clone");
  execFileSync("git", ["clone", "-q", rootDirectory, clone]);
  execFileSync("npm", ["ci", "--silent"], { cwd: clone, stdio: "ignore" });
  const first = await npmStart(clone);
  try {
    say(`npm start: ready after ${first.tookMs.toFixed(0)} ms, build included`);
    check("npm start serves within 10 s after npm ci, build included", first.tookMs < readyMsMax);
    // What a newcomer does: paste the export lines that were printed, then the README's second block.
    const exports = first
      .printed()
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line.startsWith("export AWS_"));
    check("the first start prints the export lines", exports.length >= 3);
    check("the console's address is printed", first.printed().includes("http://127.0.0.1:9001"));
    const script = `set -e\n${exports.join("\n")}\n${use}`;
    const output = execFileSync("bash", ["-c", script], { cwd: clone, encoding: "utf8" });
    check(`the copy is listed: ${output}`, output.includes("README.md"));
    const code = await first.stop();
    check(`npm start ends with 0 after SIGTERM: ${code}`, code === 0);
    check("the port is free again", !(await isReady()));
    const second = await npmStart(clone);
    try {
      const secrets = exports.map((line) => line.split("=")[1] ?? "").filter((value) => value.length >= 20);
      const listing = `set -e\n${exports.join("\n")}\naws s3 ls s3://photos/`;
      const listed = execFileSync("bash", ["-c", listing], { cwd: clone, encoding: "utf8" });
      check(`a restart keeps what was stored: ${listed}`, listed.includes("README.md"));
      check("there are secrets", secrets.length >= 1);
      check(
        "a restart prints no secret",
        secrets.every((secret) => secret.startsWith("http") || !second.printed().includes(secret)),
      );
    } finally {
      await second.stop();
    }
  } finally {
    await first.stop();
  }
});
