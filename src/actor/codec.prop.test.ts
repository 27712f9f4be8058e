import test from "ava";
import fc from "fast-check";
import type { BodyPlan } from "../auth/body-plan.ts";
import { checksumAlgorithms } from "../s3/checksum-algorithms.ts";
import {
  decodeFromThread,
  decodeToThread,
  encodeFromThread,
  encodeToThread,
  type WireFromThread,
  type WireToThread,
} from "./codec.ts";
import type { FromThread, ToThread } from "./envelope.ts";
import { address } from "./fixtures/local.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const count = fc.option(fc.nat());
const text = fc.string({ unit: "binary", maxLength: 20 });

const plan: fc.Arbitrary<BodyPlan> = fc.record({
  bucket: fc.nat({ max: 15 }).map((n) => address(n).bucket),
  partition: fc.nat({ max: 99 }),
  addressKey: bytes(32),
  framing: fc.oneof(
    fc.constant({ kind: "plain" as const }),
    fc.record({
      kind: fc.constant("aws-chunked" as const),
      signing: fc.option(fc.record({ signingKey: bytes(32), seedSignature: text, timestamp: text, scope: text })),
      trailers: fc.array(text, { maxLength: 2 }),
    }),
  ),
  wireBytes: count,
  decodedBytes: count,
  bytesMax: fc.nat(),
  sha256: fc.option(text),
  md5: fc.option(bytes(16)),
  checksum: fc.option(fc.record({ algorithm: fc.constantFrom(...checksumAlgorithms), expected: fc.option(text) })),
  inlineBytesMax: fc.nat(),
  encryption: fc.option(fc.record({ dataKey: bytes(32), hidesMd5: fc.boolean() })),
});

const source = fc.record({ kind: fc.constant("slot" as const), slot: fc.nat(), length: fc.nat(), plan });
const request = fc.oneof(
  fc.record({ key: text, source, preconditions: fc.record({ ifMatch: text }) }),
  fc.record({ key: text, source: fc.record({ kind: fc.constant("stored" as const), body: text }) }),
  fc.record({ key: text }),
);

const toThread: fc.Arbitrary<ToThread> = fc.oneof(
  fc.record({
    kind: fc.constant("ask" as const),
    id: fc.nat(),
    address: fc.nat({ max: 15 }).map((n) => address(n, n)),
    type: text,
    request,
    requestId: text,
    deadlineMs: fc.double({ noNaN: true }),
    slotBytes: fc.nat(),
  }),
  fc.record({ kind: fc.constant("body.open" as const), id: fc.nat(), requestId: text, plan }),
  fc.record({ kind: fc.constant("body.data" as const), id: fc.nat(), slot: fc.nat(), length: fc.nat() }),
  fc.record({ kind: fc.constantFrom("body.end" as const, "body.abort" as const), id: fc.nat() }),
);

const fromThread: fc.Arbitrary<FromThread> = fc.oneof(
  fc.record({ kind: fc.constant("slots" as const), slots: fc.array(fc.nat()) }),
  fc.record({
    kind: fc.constant("reply" as const),
    id: fc.nat(),
    outcome: fc.oneof(
      fc.record({ ok: fc.constant(true as const), value: fc.oneof(text, fc.record({ etag: text, versionId: count })) }),
      fc.record({ ok: fc.constant(false as const), code: text, detail: fc.dictionary(text, text) }),
    ),
  }),
);

/** Without the difference between a Buffer and other bytes, and prototypes: what structured clone forgets. */
function plainly(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plainly);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plainly(member)]));
}

test("what a front sends is what the thread gets, and the sender's message is untouched", (t) => {
  fc.assert(
    fc.property(toThread, (message) => {
      const before = plainly(message);
      const wire: WireToThread = structuredClone(encodeToThread(message));
      t.deepEqual(plainly(decodeToThread(wire)), before);
      t.deepEqual(plainly(message), before);
    }),
    { numRuns: 300 },
  );
});

test("what a thread answers is what the front gets", (t) => {
  fc.assert(
    fc.property(fromThread, (message) => {
      const wire: WireFromThread = structuredClone(encodeFromThread(message));
      t.deepEqual(plainly(decodeFromThread(wire)), plainly(message));
    }),
    { numRuns: 200 },
  );
});
