/** Clients of the bucket while passes run over it: GET of its objects and PUT beside them, at a fixed rate. */

import { setTimeout as pause } from "node:timers/promises";
import { Connection } from "./listing-fill.ts";
import { objectPath, signedRequest, type Target } from "./request.ts";
import { Histogram } from "./statistics.ts";
import { taggedBucket, taggedKey } from "./tagged-bucket.ts";

export interface LoadOptions {
  /** Objects of the bucket. */
  readonly objects: number;
  readonly seconds: number;
  /** Requests a second, half of them GET. */
  readonly rate: number;
  readonly connections: number;
}

/** In ms. */
export interface Latencies {
  readonly put: Quantiles;
  readonly get: Quantiles;
  /** Of both. */
  readonly all: Quantiles;
  /** Answered. */
  readonly requests: number;
}

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

const putKeys = 1000;
/** Bytes of a body: they stand in the record. */
const bodyBytes = 1024;
/** Far from every number of objects that a bench has, so that GETs go all over the bucket. */
const stride = 7_919_317;

const quantiles = (histogram: Histogram): Quantiles => ({
  p50: histogram.quantile(0.5),
  p99: histogram.quantile(0.99),
});

/** An object that no rule of the bench removes: the first tenth may be gone. */
function readKey(objects: number, index: number): string {
  const gone = Math.ceil(objects / 10);
  return taggedKey(objects, gone + ((index * stride) % (objects - gone)));
}

/**
 * Every connection has its times. A request counts from its time on when the answer before it was late, and from its
 * sending when the timer was: a server that stands still shows in every request that should have been sent meanwhile.
 */
export async function runLoad(
  target: Target,
  { objects, seconds, rate, connections }: LoadOptions,
): Promise<Latencies> {
  const body = Buffer.alloc(bodyBytes, "x");
  const nothing = Buffer.alloc(0);
  const histograms = { put: new Histogram(), get: new Histogram(), all: new Histogram() };
  const start = performance.now();
  const end = start + seconds * 1000;
  const stepMs = 1000 / rate;
  const work = async (first: number): Promise<void> => {
    const connection = new Connection(target);
    try {
      for (let index = first; start + index * stepMs < end; index += connections) {
        const turn = Math.floor(index / connections) + first;
        const isPut = turn % 2 === 0;
        const key = isPut ? `foreground/${index % putKeys}` : readKey(objects, index);
        const path = objectPath(taggedBucket, key);
        const request = signedRequest(target, isPut ? "PUT" : "GET", path, "", isPut ? body : nothing);
        const dueMs = start + index * stepMs;
        const waitMs = dueMs - performance.now();
        if (waitMs > 0) await pause(waitMs);
        const sinceMs = waitMs > 0 ? performance.now() : dueMs;
        await connection.send(request);
        const tookMs = performance.now() - sinceMs;
        histograms[isPut ? "put" : "get"].record(tookMs);
        histograms.all.record(tookMs);
      }
    } finally {
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, first) => work(first)));
  const { put, get, all } = histograms;
  return { put: quantiles(put), get: quantiles(get), all: quantiles(all), requests: all.count };
}
