import test from "ava";
import { parseCopySource } from "./copy-source.ts";
import { S3Error } from "./errors.ts";

test("bucket and key, with or without a leading slash, encoded or not", (t) => {
  const source = (bucket: string, key: string, versionId: string | null = null) => ({ bucket, key, versionId });
  t.deepEqual(parseCopySource("b/k"), source("b", "k"));
  t.deepEqual(parseCopySource("/b/a/b%20c"), source("b", "a/b c"));
  t.deepEqual(parseCopySource("b%2Fk"), source("b", "k"));
  t.deepEqual(parseCopySource("b/with+space%2Bplus"), source("b", "with space+plus"));
  t.deepEqual(parseCopySource("b/k?versionId=null"), source("b", "k", "null"));
  t.deepEqual(parseCopySource("b/what?"), source("b", "what?"));
  t.deepEqual(parseCopySource("b/../other/k"), source("b", "../other/k"));
  t.deepEqual(parseCopySource("b/%2e%2e/%252e"), source("b", "../%2e"));
});

test("what names no source is refused", (t) => {
  for (const header of [
    "",
    "/",
    "b",
    "b/",
    "/b/",
    "//k",
    "b/k?versionId=",
    "b/%00",
    "b/%zz",
    "arn:aws:s3:us-east-1:1:accesspoint/a/object/k",
  ]) {
    const error = t.throws(() => parseCopySource(header), { instanceOf: S3Error }, header);
    t.true(error.status < 502, header);
  }
});
