/** A thread of the suite `policy`: its share of the random cases. */

import { parentPort, workerData } from "node:worker_threads";
import { Coverage } from "./coverage.ts";
import { checkProperty } from "./property.ts";

export interface Share {
  readonly seed: number;
  readonly cases: number;
}

export interface ShareResult {
  readonly failure: string | null;
  readonly counts: ReturnType<Coverage["counts"]>;
}

const { seed, cases } = workerData as Share;
const coverage = new Coverage();
const { failure } = checkProperty(seed, cases, coverage);
const result: ShareResult = { failure, counts: coverage.counts() };
parentPort?.postMessage(result);
