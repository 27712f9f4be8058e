import test from "ava";
import { S3Error } from "./errors.ts";
import { checkTags, storedTagCount } from "./tag-set.ts";
import { uploadChecksum } from "./upload-checksum.ts";

test("algorithms and their types", (t) => {
  const of = (checksumAlgorithm: string, checksumType: string) => ({ checksumAlgorithm, checksumType });
  t.deepEqual(uploadChecksum("CRC64NVME", undefined), of("CRC64NVME", "FULL_OBJECT"));
  t.deepEqual(uploadChecksum("CRC32", undefined), of("CRC32", "COMPOSITE"));
  t.deepEqual(uploadChecksum("CRC32C", "FULL_OBJECT"), of("CRC32C", "FULL_OBJECT"));
  t.deepEqual(uploadChecksum("SHA256", "COMPOSITE"), of("SHA256", "COMPOSITE"));
  t.deepEqual(uploadChecksum(undefined, undefined), { checksumAlgorithm: null, checksumType: null });
});

test("pairs that do not exist are refused", (t) => {
  const code = (algorithm: string | undefined, type: "COMPOSITE" | "FULL_OBJECT" | undefined): string =>
    t.throws(() => uploadChecksum(algorithm, type), { instanceOf: S3Error }).code;
  t.is(code("SHA1", "FULL_OBJECT"), "InvalidRequest");
  t.is(code("CRC64NVME", "COMPOSITE"), "InvalidRequest");
  t.is(code(undefined, "COMPOSITE"), "InvalidRequest");
  t.is(code("XXHASH64", undefined), "NotImplemented");
});

test("tag sets are counted and bounded", (t) => {
  t.notThrows(() => checkTags("a=1&b=&c&%C3%A4+%2B-=._%3A%2F%40"));
  t.is(storedTagCount("a=1&b=&c"), 3);
  const code = (tagging: string): string => t.throws(() => checkTags(tagging), { instanceOf: S3Error }).code;
  t.is(code("a=1&a=2"), "InvalidArgument");
  t.is(code(`${"k".repeat(129)}=1`), "InvalidTag");
  t.is(code(`k=${"v".repeat(257)}`), "InvalidTag");
  t.is(code("=v"), "InvalidTag");
  t.is(code("aws:k=v"), "InvalidTag");
  t.is(code("k=a%3Cb"), "InvalidTag");
  t.is(code("k%2C=v"), "InvalidTag");
  t.is(code("k=%zz"), "InvalidArgument");
  t.is(code(Array.from({ length: 11 }, (_value, index) => `k${index}=v`).join("&")), "BadRequest");
});
