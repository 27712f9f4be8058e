import test from "ava";
import { bucketNameFault } from "./names.ts";

test("names that can be taken", (t) => {
  for (const name of [
    "abc",
    "my-bucket",
    "my.bucket.v1",
    "1.2.3",
    "0".repeat(63),
    "a--b",
    "minio-data",
    "health2",
    "1.2.3.4.5",
  ]) {
    t.is(bucketNameFault(name), null, name);
  }
});

test("names that cannot", (t) => {
  for (const name of [
    "",
    "ab",
    "a".repeat(64),
    "Bucket",
    "my_bucket",
    "-abc",
    "abc-",
    ".abc",
    "abc.",
    "a..b",
    "192.168.5.4",
    "bücket",
    "a/b",
    "a b",
    "..",
    "health",
    "apidoc",
    "admin",
    "signin",
    "minio",
    "troupe-x",
    "xn--abc",
    "sthree-abc",
    "abc-s3alias",
    "abc--ol-s3",
    "abc\n",
  ]) {
    t.not(bucketNameFault(name), null, JSON.stringify(name));
  }
});
