import { createHash } from "node:crypto";
import test from "ava";
import fc from "fast-check";
import { checksumHeader, checksumOf } from "../s3/checksum.ts";
import { checksumAlgorithms } from "../s3/checksum-algorithms.ts";
import { S3Error } from "../s3/errors.ts";
import { BodyDecoder, type BodyExpectation } from "./body-decoder.ts";
import { chunkSigning, encodeAwsChunked } from "./signing-client-fixture.ts";

const seed = "7".repeat(64);

const bodies = fc.record({
  chunks: fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 5 }),
  isSigned: fc.boolean(),
  algorithm: fc.option(fc.constantFrom(...checksumAlgorithms)),
  cuts: fc.array(fc.nat(2500), { maxLength: 20 }),
});

type Body = typeof bodies extends fc.Arbitrary<infer T> ? T : never;

function encode({ chunks, isSigned, algorithm }: Body): { wire: Buffer; plan: BodyExpectation; plain: Buffer } {
  const plain = Buffer.concat(chunks);
  const trailers = algorithm === null ? [] : [[checksumHeader(algorithm), checksumOf(algorithm, plain)] as const];
  const wire = encodeAwsChunked({ chunks, seed: isSigned ? seed : null, trailers });
  const framing = {
    kind: "aws-chunked",
    signing: isSigned ? chunkSigning(seed) : null,
    trailers: trailers.map(([name]) => name),
  } as const;
  const lengths = { wireBytes: wire.length, decodedBytes: plain.length, bytesMax: 10_000 };
  return { wire, plain, plan: { framing, ...lengths, sha256: null, md5: null, checksum: null } };
}

/** Pushes `wire` cut at the given offsets, each piece in memory that is overwritten afterwards. */
function decode(plan: BodyExpectation, wire: Buffer, cuts: readonly number[]) {
  const decoder = new BodyDecoder(plan);
  const plain: Buffer[] = [];
  const edges = [0, ...cuts.map((cut) => Math.min(cut, wire.length)).sort((a, b) => a - b), wire.length];
  for (const [index, start] of edges.entries()) {
    const piece = Buffer.from(wire.subarray(start, edges[index + 1] ?? wire.length));
    decoder.push(piece, (bytes) => plain.push(Buffer.from(bytes)));
    piece.fill(0xff);
  }
  return { ...decoder.finish(), plain: Buffer.concat(plain) };
}

test("what is encoded decodes to itself, however it is split", (t) => {
  fc.assert(
    fc.property(bodies, (body) => {
      const { wire, plan, plain } = encode(body);
      const decoded = decode(plan, wire, body.cuts);
      t.deepEqual(decoded.plain, plain);
      t.is(decoded.sizeBytes, plain.length);
      t.deepEqual(Buffer.from(decoded.md5), createHash("md5").update(plain).digest());
      if (body.algorithm !== null) t.is(decoded.checksum?.value, checksumOf(body.algorithm, plain));
    }),
    { numRuns: 150 },
  );
});

test("every cut of the wire is refused", (t) => {
  fc.assert(
    fc.property(bodies, fc.nat(), (body, at) => {
      const { wire, plan } = encode(body);
      const cut = wire.subarray(0, at % wire.length);
      for (const wireBytes of [null, wire.length]) {
        t.throws(() => decode({ ...plan, wireBytes }, cut, body.cuts), { instanceOf: S3Error });
      }
    }),
    { numRuns: 150 },
  );
});

test("a changed byte of a signed body is refused, and of any body never throws another error", (t) => {
  fc.assert(
    fc.property(bodies, fc.nat(), fc.integer({ min: 1, max: 255 }), (body, at, flip) => {
      const { wire, plan, plain } = encode(body);
      const index = at % wire.length;
      wire[index] = (wire[index] as number) ^ flip;
      try {
        const decoded = decode(plan, wire, body.cuts);
        if (body.isSigned) t.deepEqual(decoded.plain, plain);
      } catch (error) {
        t.true(error instanceof S3Error);
      }
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test("random bytes never throw another error than S3's", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (wire, isSigned) => {
      const { plan } = encode({ chunks: [], isSigned, algorithm: "CRC32", cuts: [] });
      t.throws(() => decode({ ...plan, wireBytes: null }, Buffer.from(wire), []), { instanceOf: S3Error });
    }),
    { numRuns: 200 },
  );
});
