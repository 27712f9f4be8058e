import test from "ava";
import fc from "fast-check";
import { checksumOf, crcCombine, createChecksum } from "./checksum.ts";
import { checksumAlgorithms } from "./checksum-algorithms.ts";

const bytes = fc.uint8Array({ maxLength: 300 });

/** Bit by bit, straight from the definition: the independent reference of the table-driven code. */
function crc64Reference(input: Uint8Array): string {
  let crc = 0xffffffffffffffffn;
  for (const byte of input) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc >> 1n;
  }
  const value = Buffer.alloc(8);
  value.writeBigUInt64BE(crc ^ 0xffffffffffffffffn);
  return value.toString("base64");
}

test("CRC64NVME equals the bitwise definition, at any alignment", (t) => {
  fc.assert(
    fc.property(bytes, fc.nat(9), (input, skip) => {
      const view = input.subarray(Math.min(skip, input.length));
      return checksumOf("CRC64NVME", view) === crc64Reference(view);
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test("a running checksum does not depend on how the bytes are split", (t) => {
  fc.assert(
    fc.property(fc.constantFrom(...checksumAlgorithms), fc.array(bytes, { maxLength: 6 }), (algorithm, pieces) => {
      const running = createChecksum(algorithm);
      for (const piece of pieces) running.update(piece);
      return running.digest() === checksumOf(algorithm, Buffer.concat(pieces));
    }),
  );
  t.pass();
});

test("combined CRCs equal the CRC of the concatenation", (t) => {
  fc.assert(
    fc.property(fc.constantFrom("CRC32", "CRC32C", "CRC64NVME"), bytes, bytes, (algorithm, a, b) => {
      const combined = crcCombine(algorithm, checksumOf(algorithm, a), checksumOf(algorithm, b), b.length);
      return combined === checksumOf(algorithm, Buffer.concat([a, b]));
    }),
    { numRuns: 300 },
  );
  t.pass();
});
