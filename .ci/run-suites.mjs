/**
 * Runs the suites of suites.json in order, each within its budget; names given as arguments choose some of them.
 * `--long` runs the long forms instead, without a budget.
 */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

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

const pipesMs = 2000;
/** Bounds of what is said again of a suite that failed. */
const said = { failureLines: 20, lastLines: 20, lineCharacters: 200 };
const failurePattern = /✘|✖|\bFAILED\b|\bnot ok\b|Uncaught|Unhandled|Timed out|Difference|Error:|^\s*at .*\.test\.|tests? failed/;

/** Keeps of a suite's output what tells why it failed, to say it again after the last suite's. */
class Remembered {
  #rest = "";
  #decoder = new StringDecoder("utf8");
  #failures = [];
  #last = [];

  add(piece) {
    const lines = (this.#rest + this.#decoder.write(piece)).split("\n");
    this.#rest = lines.pop();
    for (const line of lines) {
      const short = line.slice(0, said.lineCharacters);
      if (failurePattern.test(short) && this.#failures.length < said.failureLines) this.#failures.push(short);
      this.#last.push(short);
      if (this.#last.length > said.lastLines) this.#last.shift();
    }
  }

  print(name) {
    console.log(`\n=== ${name} failed. Its last lines, then those that tell of failures:`);
    for (const line of [...this.#last, "...", ...this.#failures]) console.log(line);
  }
}

function run(suite) {
  return new Promise((resolve) => {
    const started = performance.now();
    const command = isLong ? suite.long : suite.command;
    console.log(`\n=== ${suite.name}: ${command}`);
    const child = spawn("bash", ["-c", command], { stdio: ["ignore", "pipe", "pipe"], detached: true });
    const remembered = new Remembered();
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from.on("data", (piece) => {
        to.write(piece);
        remembered.add(piece);
      });
    }
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
          const over = `FAILED ${suite.name}: over its budget of ${suite.budgetSeconds} s`;
          console.error(over);
          remembered.add(`\n${over}\n`);
          endGroup();
        }, suite.budgetSeconds * 1000);
    child.on("exit", (code) => {
      clearTimeout(timer);
      endGroup();
      const result = { name: suite.name, passed: code === 0, seconds: (performance.now() - started) / 1000, remembered };
      child.on("close", () => resolve(result));
      // A process with a group of its own may hold the pipes for longer than the suite lives.
      setTimeout(() => resolve(result), pipesMs).unref();
    });
  });
}

const results = [];
for (const suite of chosen) results.push(await run(suite));
for (const { name, passed, remembered } of results) if (!passed) remembered.print(name);
console.log("");
for (const { name, passed, seconds } of results) {
  console.log(`${passed ? "passed" : "FAILED"}  ${name}  ${seconds.toFixed(0)} s`);
}
const failed = results.filter((result) => !result.passed).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 && results.length > 0 ? 0 : 1);
