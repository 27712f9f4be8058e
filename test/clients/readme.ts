/**
 * Runs the README's first screen as written: the two commands in a fresh copy of the repository, then the `aws s3 cp`
 * with the credentials that the first start printed.
 */

import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rootDirectory } from "../support/node-process.ts";
import { runSuite } from "../support/suite.ts";

const readyMsMax = 10_000;

await runSuite("readme", async ({ directory, say, check }) => {
  const readme = readFileSync(join(rootDirectory, "README.md"), "utf8");
  const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  const [start = "", use = ""] = blocks;
  check("the first block is the two commands", start.trim() === "npm ci\nnpm start");
  check("the second block copies a file", use.includes("aws s3 cp"));
  const clone = join(directory, "clone");
  execFileSync("git", ["clone", "-q", rootDirectory, clone]);
  execFileSync("npm", ["ci", "--silent"], { cwd: clone, stdio: "ignore" });
  const started = performance.now();
  const server = spawn("npm", ["start"], { cwd: clone, detached: true, stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  server.stdout.on("data", (piece: Buffer) => {
    printed += piece.toString();
  });
  const isReady = (): Promise<boolean> =>
    fetch("http://127.0.0.1:9000/health/ready").then(
      (answer) => answer.status === 200,
      () => false,
    );
  while (!(await isReady()) && performance.now() - started < 60_000)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const tookMs = performance.now() - started;
  say(`npm start: ready after ${tookMs.toFixed(0)} ms, build included`);
  check("npm start serves within 10 s after npm ci, build included", tookMs < readyMsMax);
  await new Promise((resolve) => setTimeout(resolve, 300));
  // What a newcomer does: paste the export lines that were printed, then the README's second block.
  const exports = printed
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("export AWS_"));
  check("the first start prints the export lines", exports.length >= 3);
  check("the console's address is printed", printed.includes("http://127.0.0.1:9001"));
  const script = `set -e\n${exports.join("\n")}\n${use}`;
  const output = execFileSync("bash", ["-c", script], { cwd: clone, encoding: "utf8" });
  check(`the copy is listed: ${output}`, output.includes("README.md"));
  process.kill(-(server.pid ?? 0), "SIGTERM");
  const code = await new Promise((resolve) => server.on("exit", (exit, signal) => resolve(exit ?? signal)));
  say(`npm start ended with ${String(code)} after SIGTERM`);
});
