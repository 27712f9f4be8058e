import test from "ava";
import { bucketId } from "../base/ids.ts";
import { storageLimits } from "../base/storage-limits.ts";
import { xxh64 } from "../base/xxhash.ts";
import {
  encodeChunkHeader,
  frameOffset,
  frameSum,
  headerBucket,
  headerFault,
  nonceSeed,
  storedBytesOf,
} from "./frames.ts";
import {
  chunkFilePath,
  laneId,
  laneOf,
  numberOf,
  parseChunkFileName,
  parseSegmentNames,
  segmentPath,
} from "./partition-layout.ts";

const nonce = Buffer.from("0102030405060708", "hex");
const bucket = bucketId("000102030405060708090a0b0c0d0e0f");

function header(plainBytes: number): Buffer {
  const bytes = Buffer.alloc(64, 0xff);
  encodeChunkHeader(bytes, { bucket, nonce, plainBytes });
  return bytes;
}

test("the header, byte for byte", (t) => {
  const bytes = header(3);
  t.is(
    bytes.subarray(0, 56).toString("hex"),
    "54525043" +
      "01" +
      "00" +
      "0000" +
      "00000100" +
      "03000000" +
      "000102030405060708090a0b0c0d0e0f" +
      "0102030405060708" +
      "00".repeat(16),
  );
  t.is(bytes.readBigUInt64LE(56), xxh64(bytes.subarray(0, 56)));
  t.is(headerBucket(bytes), bucket);
});

test("stored sizes and offsets", (t) => {
  t.is(storedBytesOf(0), 64);
  t.is(storedBytesOf(3), 64 + 3 + 8);
  t.is(storedBytesOf(storageLimits.frameBytes), 64 + storageLimits.frameBytes + 8);
  t.is(storedBytesOf(storageLimits.frameBytes + 1), 64 + storageLimits.frameBytes + 8 + 1 + 8);
  t.is(frameOffset(0), 64);
  t.is(frameOffset(2), 64 + 2 * (storageLimits.frameBytes + 8));
});

test("a frame's checksum is seeded with the nonce and its number", (t) => {
  t.is(nonceSeed(nonce), 0x0807060504030201n);
  const data = Buffer.from("abc");
  t.is(frameSum(data, nonceSeed(nonce), 5), xxh64(data, 0x0807060504030201n ^ 5n));
  t.not(frameSum(data, nonceSeed(nonce), 0), frameSum(data, nonceSeed(nonce), 1));
});

test("what is wrong with a header is said", (t) => {
  const expected = { nonce, sizeBytes: 3 };
  t.is(headerFault(header(3), expected), null);
  t.is(headerFault(header(0), expected), null, "a size not known at the first frame");
  t.is(headerFault(header(4), expected), "another size");
  t.is(headerFault(header(3), { nonce: Buffer.alloc(8), sizeBytes: 3 }), "another chunk lies here");
  t.is(headerFault(Buffer.alloc(64), expected), "no chunk header");
  const newer = header(3);
  newer.writeUInt8(2, 4);
  t.is(headerFault(newer, expected), "damaged chunk header");
  newer.writeBigUInt64LE(xxh64(newer.subarray(0, 56)), 56);
  t.is(headerFault(newer, expected), "chunk format 2 is not known");
});

test("names of segments and chunk files", (t) => {
  const address = Buffer.alloc(32, 0xab);
  t.is(segmentPath("/p", laneId(1, 7)), "/p/segments/01000007.seg");
  const path = chunkFilePath("/p", laneId(2, 3), address, "00112233445566ff");
  t.is(path, `/p/chunks/02000003/${"ab".repeat(32)}.00112233445566ff`);
  t.deepEqual(parseChunkFileName(`${"ab".repeat(32)}.00112233445566ff`), { address, unique: "00112233445566ff" });
  t.is(parseChunkFileName("lost+found"), null);
  t.deepEqual(parseSegmentNames(["01000007.seg", "x.seg", "00000001.seg"]), [1, 0x01000007]);
  t.is(laneOf(laneId(255, 9)), 255);
  t.is(numberOf(laneId(255, 9)), 9);
  t.throws(() => laneId(256, 0), { name: "AssertionError" });
  t.throws(() => laneId(0, 2 ** 24), { name: "AssertionError" });
});
