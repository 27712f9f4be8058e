import test from "ava";
import { limits } from "../base/limits.ts";
import type { ObjectWritten } from "../bucket/messages.ts";
import { perform, refusedWith, viewOf, type World } from "./operations.testing.ts";

const written: ObjectWritten = { etag: "e", sizeBytes: 1, modifiedMs: 0, checksum: null, versionId: null };

/** A source that says it has so many bytes. */
const worldOf = (sizeBytes: number): World => {
  const bytes = Buffer.from("x");
  return {
    objects: new Map([["source", { bytes, view: viewOf(bytes, { sizeBytes }) }]]),
    upload: {
      encryption: null,
      storageClass: undefined,
      acl: undefined,
      tagging: undefined,
      checksumAlgorithm: null,
      checksumType: null,
    },
    bucket: {
      "object.put": () => written,
      "upload.putPart": () => ({ etag: "p", modifiedMs: 0, checksum: null }),
    },
  };
};

const ask = (url: string, headers: Readonly<Record<string, string>> = {}) => ({
  method: "PUT",
  url,
  headers: { "x-amz-copy-source": "bucket/source", ...headers },
});
const part = "/bucket/key?partNumber=1&uploadId=u";
const most = limits.singlePutBytesMax;

test("a copy takes up to 5 GiB", async (t) => {
  t.is((await perform("CopyObject", ask("/bucket/key"), worldOf(most))).answer.status, 200);
  t.is((await refusedWith("CopyObject", ask("/bucket/key"), worldOf(most + 1))).code, "InvalidRequest");
});

test("a copied part takes up to 5 GiB of a source of any size", async (t) => {
  const last = (end: number) => ({ "x-amz-copy-source-range": `bytes=1-${end}` });
  const code = async (headers: Readonly<Record<string, string>>, sizeBytes: number): Promise<string> =>
    (await refusedWith("UploadPartCopy", ask(part, headers), worldOf(sizeBytes))).code;
  t.is((await perform("UploadPartCopy", ask(part), worldOf(most))).answer.status, 200);
  t.is(await code({}, most + 1), "InvalidRequest");
  const huge = limits.objectBytesMax;
  t.is((await perform("UploadPartCopy", ask(part, last(most)), worldOf(huge))).answer.status, 200);
  t.is(await code(last(most + 1), huge), "InvalidRequest");
  t.is(await code(last(huge), huge), "InvalidArgument");
});

test("a copied part of an upload that is gone takes nothing", async (t) => {
  const gone = { ...worldOf(1), upload: null };
  t.is((await refusedWith("UploadPartCopy", ask(part), gone)).code, "NoSuchUpload");
  const zero = ask("/bucket/key?partNumber=0&uploadId=u");
  t.is((await refusedWith("UploadPartCopy", zero, worldOf(1))).code, "InvalidArgument");
});
