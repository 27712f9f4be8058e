/** Runs many sequences at once against one node; the first that fails is shrunk and shown in a form that can be replayed. */

import fc from "fast-check";
import type { Coverage } from "./coverage.ts";
import { type Sequence, sequences } from "./sequences.ts";
import { Mismatch, Session } from "./session.ts";
import type { SharedNode } from "./shared-node.ts";

export interface DriveOptions {
  readonly seed: number;
  /** Sequences in all. */
  readonly count: number;
  /** Commands of a sequence. */
  readonly length: number;
  /** One command of so many is a crash; 0: none. */
  readonly crashOneIn: number;
  /** Sequences at the same time. */
  readonly workers: number;
  readonly path?: string;
  /** No new sequence begins after this long. */
  readonly withinMs: number;
  /** 0: a failure is not made smaller. */
  readonly shrinkMs: number;
}

export interface DriveResult {
  readonly sequences: number;
  /** Text that says what failed and how to see it again. */
  readonly failure: string | null;
}

let buckets = 0;

export async function runSequence(node: SharedNode, sequence: Sequence, coverage: Coverage): Promise<void> {
  const session = new Session(node, `sequence-${process.pid}-${buckets++}`, sequence.keys, coverage);
  try {
    await session.begin(sequence);
    for (const command of sequence.commands) await session.run(command);
    await session.observe();
    await session.clear();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const trace = session.trace.slice(-40).map((line) => `    ${line}`);
    throw new Mismatch(`${error.message}\n  last requests:\n${trace.join("\n")}`, { cause: error });
  }
}

export async function drive(node: SharedNode, coverage: Coverage, options: DriveOptions): Promise<DriveResult> {
  const deadline = performance.now() + options.withinMs;
  let done = 0;
  let failure: string | null = null;
  let failing: number | null = null;
  const work = async (worker: number): Promise<void> => {
    let shrinkUntil = Number.POSITIVE_INFINITY;
    const property = fc.asyncProperty(sequences(options.length, options.crashOneIn), async (sequence) => {
      const isShrinking = failing === worker;
      if (isShrinking ? performance.now() > shrinkUntil : failing !== null || performance.now() > deadline) return;
      try {
        await runSequence(node, sequence, coverage);
        done += 1;
      } catch (error) {
        if (failing !== null && failing !== worker) return;
        if (failing === null) shrinkUntil = performance.now() + options.shrinkMs;
        failing = worker;
        throw error;
      }
    });
    const details = await fc.check(property, {
      seed: options.seed + worker,
      numRuns: Math.ceil(options.count / options.workers),
      endOnFailure: options.path !== undefined || options.shrinkMs === 0,
      ...(options.path === undefined ? {} : { path: options.path }),
    });
    if (details.failed) failure = describe(details, options);
  };
  const workers = options.path === undefined ? options.workers : 1;
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  return { sequences: done, failure };
}

function describe(details: fc.RunDetails<[Sequence]>, { length, crashOneIn }: DriveOptions): string {
  const [sequence] = details.counterexample ?? [];
  const error = details.errorInstance;
  return [
    `a sequence does not agree with the model, after ${details.numShrinks} shrinks:`,
    `  keys ${JSON.stringify(sequence?.keys).replace(/x{100,}/, "x…")}, versioning ${sequence?.versioning}, lock ${sequence?.hasLock}, policy ${sequence?.policy}, ownership ${sequence?.ownership}, before ${JSON.stringify(sequence?.before)}`,
    ...(sequence?.commands ?? []).map((command) => `  ${JSON.stringify(command)}`),
    error instanceof Error ? error.message : String(error),
    `replay: --seed ${details.seed} --path ${details.counterexamplePath} --length ${length} --crash-one-in ${crashOneIn}`,
  ].join("\n");
}
