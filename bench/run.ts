/** `npm run bench`: measures S3 servers as its options say. --help shows them. */

import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { closePlace, openPlace, type Place } from "./bucket.ts";
import { chart } from "./chart.ts";
import { BenchError } from "./failure.ts";
import { type MeasureOptions, measureCase, Side, summary, warmUp, warmUpBare } from "./measure.ts";
import { type BenchOptions, parseBenchLine, type ServerChoice } from "./options.ts";
import type { PartCost } from "./parts.ts";
import { profileCase, profilingEnvironment } from "./profile.ts";
import { Progress } from "./progress.ts";
import { report } from "./report.ts";
import { type CaseResult, casesOutside, type Results, ratiosOf } from "./results.ts";
import { runningServer, type Server, startBareFront, startNode } from "./server.ts";
import { closing, remarks, tableHead, tableLine } from "./table.ts";
import type { Case } from "./workload.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const docs = join(here, "../../docs");

/** Exit codes: as sysexits.h, and as shells have them for an interrupt. */
const exitCodes = { ok: 0, failed: 1, usage: 64, interrupted: 130 } as const;

/** Runs a module in a process of its own. @returns the message it sends, or undefined when it ends without one */
function runApart(file: string, words: readonly string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const environment = { ...process.env, UV_THREADPOOL_SIZE: "16" };
    const child = fork(join(here, file), [...words], { env: environment });
    child.once("message", (message) => {
      resolve(message);
      child.disconnect();
    });
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve(undefined) : reject(new Error(`${file} ended with ${code}`))));
  });
}

/** Things to undo, the last first; each is tried whatever becomes of the others. */
class Undo {
  readonly #steps: (() => Promise<unknown> | unknown)[] = [];

  add(step: () => Promise<unknown> | unknown): void {
    this.#steps.push(step);
  }

  async run(failed: (error: Error) => void): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failed(error as Error);
      }
    }
  }
}

class Bench {
  readonly #options: BenchOptions;
  readonly #command: string;
  readonly #undo: Undo;
  readonly #measuring: MeasureOptions;
  readonly #progress: Progress;
  readonly #directory: string;

  constructor(options: BenchOptions, command: string, undo: Undo, signal: AbortSignal) {
    this.#options = options;
    this.#command = command;
    this.#undo = undo;
    this.#measuring = { ...options, signal };
    this.#progress = new Progress(process.stderr, options.cases.length);
    if (options.data !== null) mkdirSync(options.data, { recursive: true });
    this.#directory = mkdtempSync(join(options.data ?? tmpdir(), "troupe-bench-"));
    undo.add(() => rmSync(this.#directory, { recursive: true, force: true }));
    undo.add(() => this.#progress.clear());
  }

  async run(): Promise<Results> {
    const { base, other, withCeilings, cases, warmUpSeconds } = this.#options;
    this.#progress.note("touching memory");
    await runApart("touch.js", []);
    this.#progress.note(withCeilings ? "measuring the parts of a request" : "starting");
    const parts = withCeilings
      ? ((await runApart("parts.js", [join(this.#directory, "parts")])) as readonly PartCost[])
      : [];
    const sides = [await this.#side(base, "A")];
    const idleBytes = sides[0]?.memoryBytes() ?? null;
    if (other !== null) sides.push(await this.#side(other, "B"));
    const bare = cases.some(({ operation }) => operation === "BARE") ? await this.#bare() : null;
    this.#progress.note(`warming up, ${warmUpSeconds} s`);
    const most = Math.max(...cases.map(({ connections }) => connections));
    for (const side of sides) await warmUp(side, warmUpSeconds, Math.min(32, most));
    if (bare !== null) await warmUpBare(bare);
    this.#progress.clear();
    console.log(tableHead(other !== null));
    const results: CaseResult[] = [];
    for (const each of cases) {
      const measured = await this.#measure(each.operation === "BARE" && bare !== null ? [bare] : sides, each);
      results.push(measured);
    }
    return {
      formatVersion: 1,
      command: this.#command,
      date: new Date().toISOString(),
      machine: `${cpus().length} × ${cpus()[0]?.model ?? "CPU"}`,
      nodeVersion: process.version,
      servers: sides.map(({ server }) => server.name),
      roundSeconds: this.#options.seconds,
      rounds: this.#options.rounds,
      idleBytes,
      cases: results,
      parts,
    };
  }

  async #measure(sides: readonly Side[], each: Case): Promise<CaseResult> {
    const label = `${each.name}, ${each.connections} connection${each.connections === 1 ? "" : "s"}`;
    this.#progress.begin(label);
    const rounds = await measureCase(sides, each, this.#measuring, (round) =>
      this.#progress.detail(`${label}: round ${round} of ${this.#options.rounds}`),
    );
    const [base, other = null] = rounds.map((list) => summary(each, list));
    if (base === undefined) throw new Error("nothing was measured");
    const result: CaseResult = { ...each, base, other, ratios: other === null ? null : ratiosOf(base, other) };
    this.#progress.clear();
    console.log(tableLine(result));
    for (const remark of remarks(result)) console.log(`    ${remark}`);
    const { profile } = this.#options;
    const [side] = sides;
    if (profile !== null && side !== undefined && each.operation !== "BARE") {
      this.#progress.detail(`${label}: profile`);
      const text = await profileCase(profile, side, each, this.#options.seconds);
      this.#progress.clear();
      console.log(text);
    }
    return result;
  }

  async #side(choice: ServerChoice, name: "A" | "B"): Promise<Side> {
    const server = await this.#server(choice, name);
    const prefix = `troupe-bench-${randomBytes(6).toString("hex")}/`;
    const { bucket, allowsNonEmpty, cases } = this.#options;
    const count = Math.max(...cases.map(({ buckets }) => buckets));
    const isNew = choice.kind === "started";
    const place = await openPlace(
      server.target,
      { bucket: isNew ? null : bucket, allowsNonEmpty, count, prefix },
      (opened) => this.#removeAtEnd(server, opened),
    );
    const side = new Side(server, place, this.#measuring);
    this.#undo.add(() => side.end());
    return side;
  }

  #removeAtEnd(server: Server, place: Place): void {
    if (server.isOwn) return;
    this.#undo.add(() => {
      this.#progress.note(`deleting what was written to ${place.buckets.join(", ")}`);
      return closePlace(place);
    });
  }

  async #server(choice: ServerChoice, name: "A" | "B"): Promise<Server> {
    if (choice.kind === "running") {
      const { host, port } = choice.target;
      return runningServer(`${host}:${port}`, choice.target, choice.pids);
    }
    const { profile } = this.#options;
    const server = await startNode({
      name: choice.command ?? `node ${name}`,
      data: join(this.#directory, name),
      ...(choice.command === null ? {} : { command: choice.command }),
      environment: profile === null ? {} : profilingEnvironment(profile),
    });
    this.#undo.add(() => server.stop());
    return server;
  }

  async #bare(): Promise<Side> {
    const server = await startBareFront();
    this.#undo.add(() => server.stop());
    const side = new Side(server, { buckets: ["bare"], prefix: "bare/" }, this.#measuring);
    this.#undo.add(() => side.end());
    return side;
  }
}

function write(results: Results, { json, chart: chartFile, writesDocs, within }: BenchOptions): number {
  console.log(`\n${closing(results)}`);
  if (json !== null) writeFileSync(json, `${JSON.stringify(results, null, 2)}\n`);
  if (chartFile !== null) writeFileSync(chartFile, chart(results));
  if (writesDocs) {
    writeFileSync(join(docs, "BENCHMARK.md"), report(results));
    writeFileSync(join(docs, "benchmark.svg"), chart(results));
  }
  if (within === null) return exitCodes.ok;
  const outside = casesOutside(results.cases, within);
  for (const { name, connections } of outside)
    console.log(`outside 1/${within} to ${within}: ${name}, ${connections} connections`);
  if (outside.length === 0) console.log(`every ratio is between 1/${within} and ${within}`);
  return outside.length === 0 ? exitCodes.ok : exitCodes.failed;
}

async function main(): Promise<number> {
  const words = process.argv.slice(2);
  const line = parseBenchLine(words, process.env);
  if (line.kind !== "run") {
    (line.kind === "help" ? process.stdout : process.stderr).write(line.text);
    return line.kind === "help" ? exitCodes.ok : exitCodes.usage;
  }
  const undo = new Undo();
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (!stop.signal.aborted) process.stderr.write("\ninterrupted: cleaning up\n");
      stop.abort();
    });
  const complain = (error: Error): void => {
    const text = error instanceof BenchError ? `error: ${error.message}` : (error.stack ?? error.message);
    process.stderr.write(`${text}\n`);
  };
  let code: number = exitCodes.failed;
  try {
    const shown = words.filter((_, at) => !/secret|access-key/.test(`${words[at - 1]} ${words[at]}`)).join(" ");
    const results = await new Bench(line.options, shown, undo, stop.signal).run();
    code = write(results, line.options);
  } catch (error) {
    if (stop.signal.aborted) code = exitCodes.interrupted;
    else complain(error as Error);
  }
  await undo.run((error) => {
    code ||= exitCodes.failed;
    complain(error);
  });
  return code;
}

process.exitCode = await main();
