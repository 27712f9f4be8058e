/**
 * What a client of the usage suite knows of one bucket by itself: what it holds, what it was sent, and every request with
 * the bytes that came back. It shares no code with the server.
 */

import { createHash } from "node:crypto";

export type Kind = "read" | "write" | "list" | "delete";
export const kinds: readonly Kind[] = ["read", "write", "list", "delete"];

export interface Call {
  readonly kind: Kind;
  /** When its answer was whole; null: it never was. Monotonic ms. */
  endedAt: number | null;
  receivedBytes: number;
  /** The most that may have been sent to it. */
  bytesMax: number;
}

export interface KnownVersion {
  readonly id: string;
  /** null: a delete marker. */
  readonly sizeBytes: number | null;
}

export interface Totals {
  readonly storedBytes: number;
  readonly objects: number;
  readonly versions: number;
  readonly ingressBytes: number;
}

export interface Transfer {
  readonly egressBytes: number;
  /** In the order of `kinds`. */
  readonly requests: readonly number[];
}

export class Ledger {
  readonly bucket: string;
  readonly isVersioned: boolean;
  /** Of a bucket without versions: size by key. */
  readonly objects = new Map<string, number>();
  /** Of one with versions, newest first. */
  readonly versions = new Map<string, KnownVersion[]>();
  /** Sizes of parts by number, by `key uploadId`. */
  readonly uploads = new Map<string, Map<number, number>>();
  ingressBytes = 0;
  /** Of requests before the last reading: what the server said of them then. */
  settled: Transfer = { egressBytes: 0, requests: kinds.map(() => 0) };
  calls: Call[] = [];

  constructor(bucket: string, isVersioned: boolean) {
    this.bucket = bucket;
    this.isVersioned = isVersioned;
  }

  totals(): Totals {
    const parts = [...this.uploads.values()].flatMap((each) => [...each.values()]);
    const versions = [...this.versions.values()].flat();
    const heads = [...this.versions.values()].filter(([head]) => head !== undefined && head.sizeBytes !== null);
    const sizes = [...this.objects.values(), ...parts, ...versions.map(({ sizeBytes }) => sizeBytes ?? 0)];
    return {
      storedBytes: sizes.reduce((sum, size) => sum + size, 0),
      objects: this.objects.size + heads.length,
      versions: versions.length - heads.length,
      ingressBytes: this.ingressBytes,
    };
  }

  /** What must have been counted of requests that ended before `untilMs`: no less than this. */
  least(untilMs: number): Transfer {
    const ended = this.calls.filter(({ endedAt }) => endedAt !== null && endedAt <= untilMs);
    return this.#sum(ended, ({ receivedBytes }) => receivedBytes);
  }

  /** What may have been counted: no more than this. */
  most(): Transfer {
    return this.#sum(this.calls, (call) => (call.endedAt === null ? call.bytesMax : call.receivedBytes));
  }

  /** The server has said what it counted: what it has lost in a crash stays lost. */
  settle(counted: Transfer): void {
    this.settled = counted;
    this.calls = [];
  }

  #sum(calls: readonly Call[], bytesOf: (call: Call) => number): Transfer {
    return {
      egressBytes: calls.reduce((sum, call) => sum + bytesOf(call), this.settled.egressBytes),
      requests: kinds.map(
        (kind, index) => (this.settled.requests[index] ?? 0) + calls.filter((call) => call.kind === kind).length,
      ),
    };
  }
}

let bodies = 0;

/** A body that no other one equals, but for the empty one. */
export function newBody(sizeBytes: number): Buffer {
  bodies += 1;
  return Buffer.from(`${process.pid} ${bodies} `.padEnd(sizeBytes, "usage ")).subarray(0, sizeBytes);
}

export const etagOf = (body: Uint8Array): string => `"${createHash("md5").update(body).digest("hex")}"`;
