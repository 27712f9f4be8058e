/**
 * Runs the suites of suites.json in order, each within its budget; names given as arguments choose some of them.
 * `--long` runs the long forms instead, without a budget.
 */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

const { suites, budgetMinutes } = JSON.parse(readFileSync(new URL("suites.json", import.meta.url), "utf8"));
const planned = suites.reduce((sum, suite) => sum + (suite.budgetSeconds ?? 0), 0);
if (planned > budgetMinutes * 60) throw new Error(`the budgets add up to ${planned} s, more than ${budgetMinutes} min`);

const isLong = process.argv.includes("--long");
const wanted = process.argv.slice(2).filter((word) => word !== "--long");
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) throw new Error(`no such suite: ${unknown.join(", ")}`);
const chosen = suites.filter(
  (suite) => (wanted.length === 0 || wanted.includes(suite.name)) && (isLong ? suite.long : suite.command),
);

function run(suite) {
  return new Promise((resolve) => {
    const started = performance.now();
    const command = isLong ? suite.long : suite.command;
    console.log(`\n=== ${suite.name}: ${command}`);
    const child = spawn("bash", ["-c", command], { stdio: ["ignore", "inherit", "inherit"], detached: true });
    const endGroup = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch (error) {
        if (error.code !== "ESRCH") throw error;
      }
    };
    const timer = isLong
      ? undefined
      : setTimeout(() => {
          console.error(`${suite.name}: over its budget of ${suite.budgetSeconds} s`);
          endGroup();
        }, suite.budgetSeconds * 1000);
    child.on("exit", (code) => {
      clearTimeout(timer);
      endGroup();
      resolve({ name: suite.name, passed: code === 0, seconds: (performance.now() - started) / 1000 });
    });
  });
}

const results = [];
for (const suite of chosen) results.push(await run(suite));
console.log("");
for (const { name, passed, seconds } of results) {
  console.log(`${passed ? "passed" : "FAILED"}  ${name}  ${seconds.toFixed(0)} s`);
}
const failed = results.filter((result) => !result.passed).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 && results.length > 0 ? 0 : 1);
