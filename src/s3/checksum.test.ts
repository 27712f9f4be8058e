import { createHash } from "node:crypto";
import test from "ava";
import {
  algorithmOfHeader,
  checksumHeader,
  checksumOf,
  compositeChecksum,
  crcCombine,
  createChecksum,
  isChecksumValue,
} from "./checksum.ts";
import { checksumAlgorithms } from "./checksum-algorithms.ts";

const digits = Buffer.from("123456789");

/** Check values of the CRC catalogue (https://reveng.sourceforge.io/crc-catalogue/) and FIPS 180. */
const checkValues = {
  CRC32: "cbf43926",
  CRC32C: "e3069283",
  CRC64NVME: "ae8b14860a799888",
  SHA1: createHash("sha1").update(digits).digest("hex"),
  SHA256: createHash("sha256").update(digits).digest("hex"),
};

for (const algorithm of checksumAlgorithms) {
  test(`${algorithm} of "123456789" is its published check value`, (t) => {
    const expected = Buffer.from(checkValues[algorithm], "hex").toString("base64");
    t.is(checksumOf(algorithm, digits), expected);
    const running = createChecksum(algorithm);
    running.update(digits.subarray(0, 4));
    running.update(digits.subarray(4, 4));
    running.update(digits.subarray(4));
    t.is(running.digest(), expected);
  });
}

test("CRC64NVME of 32 zero bytes is the value of the NVM Express specification", (t) => {
  t.is(checksumOf("CRC64NVME", Buffer.alloc(32)), Buffer.from("cf3473434d4ecf3b", "hex").toString("base64"));
});

test("CRC32C of 66,560 letters a is the value in AWS's trailing checksum example", (t) => {
  t.is(checksumOf("CRC32C", Buffer.alloc(66_560, "a")), "sOO8/Q==");
});

test("checksums of no bytes are those of the empty string", (t) => {
  t.is(checksumOf("CRC32", Buffer.alloc(0)), "AAAAAA==");
  t.is(createChecksum("CRC64NVME").digest(), "AAAAAAAAAAA=");
});

test("a checksum value is canonical base64 of the algorithm's size", (t) => {
  t.true(isChecksumValue("CRC32", "sOO8/Q=="));
  t.false(isChecksumValue("CRC32", "sOO8/R=="), "bits beyond the last byte are set");
  t.false(isChecksumValue("CRC32", "sOO8/Q"), "unpadded");
  t.false(isChecksumValue("CRC32", "sOO8_Q=="), "URL alphabet");
  t.false(isChecksumValue("CRC32", "!OO8/Q=="), "not base64");
  t.false(isChecksumValue("CRC64NVME", "sOO8/Q=="), "another algorithm's size");
  t.false(isChecksumValue("SHA256", ""), "empty");
});

test("header names map to algorithms and back", (t) => {
  for (const algorithm of checksumAlgorithms) t.is(algorithmOfHeader(checksumHeader(algorithm)), algorithm);
  t.is(algorithmOfHeader("x-amz-checksum-md5"), null);
  t.is(algorithmOfHeader("x-amz-checksum-type"), null);
});

test("combining with an empty second part changes nothing", (t) => {
  const value = checksumOf("CRC64NVME", digits);
  t.is(crcCombine("CRC64NVME", value, checksumOf("CRC64NVME", Buffer.alloc(0)), 0), value);
});

test("combining works for parts of more than 4 GiB: zeros appended in two ways agree", (t) => {
  for (const algorithm of ["CRC32", "CRC32C", "CRC64NVME"] as const) {
    const piece = Buffer.alloc(1 << 20);
    let zeros = checksumOf(algorithm, piece);
    let length = piece.length;
    while (length < 8 * 1024 ** 3) {
      zeros = crcCombine(algorithm, zeros, zeros, length);
      length *= 2;
    }
    const start = checksumOf(algorithm, digits);
    const atOnce = crcCombine(algorithm, start, zeros, length);
    let half = checksumOf(algorithm, piece);
    for (let size = piece.length; size < length / 2; size *= 2) half = crcCombine(algorithm, half, half, size);
    const inHalves = crcCombine(algorithm, crcCombine(algorithm, start, half, length / 2), half, length / 2);
    t.is(atOnce, inHalves, algorithm);
  }
});

test("a composite checksum is the checksum of the parts' digests and their number", (t) => {
  const parts = ["one", "two"].map((text) => createHash("sha256").update(text).digest());
  const expected = createHash("sha256").update(Buffer.concat(parts)).digest("base64");
  t.is(
    compositeChecksum(
      "SHA256",
      parts.map((part) => part.toString("base64")),
    ),
    `${expected}-2`,
  );
});
