/** Runs the suites of suites.json in order, each within its budget; names given as arguments choose some of them. */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

const { suites, budgetMinutes } = JSON.parse(readFileSync(new URL("suites.json", import.meta.url), "utf8"));
const planned = suites.reduce((sum, suite) => sum + suite.budgetSeconds, 0);
if (planned > budgetMinutes * 60) throw new Error(`the budgets add up to ${planned} s, more than ${budgetMinutes} min`);
const wanted = process.argv.slice(2);
const chosen = wanted.length === 0 ? suites : suites.filter((suite) => wanted.includes(suite.name));

function run(suite) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn("bash", ["-c", suite.command], { stdio: ["ignore", "inherit", "inherit"], detached: true });
    const timer = setTimeout(() => {
      console.error(`${suite.name}: over its budget of ${suite.budgetSeconds} s`);
      process.kill(-child.pid, "SIGKILL");
    }, suite.budgetSeconds * 1000);
    child.on("exit", (code) => {
      clearTimeout(timer);
      resolve({ name: suite.name, passed: code === 0, seconds: (performance.now() - started) / 1000 });
    });
  });
}

const results = [];
for (const suite of chosen) {
  console.log(`\n=== ${suite.name}: ${suite.command}`);
  results.push(await run(suite));
}
console.log("");
for (const { name, passed, seconds } of results) console.log(`${passed ? "passed" : "FAILED"}  ${name}  ${seconds.toFixed(0)} s`);
const failed = results.filter((result) => !result.passed).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 && results.length > 0 ? 0 : 1);
