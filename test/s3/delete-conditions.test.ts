/** Conditions of deletes, and of writes that meet deleted objects, over HTTP: by ETag, time and size, one by one and many, at once. */

import { createHash } from "node:crypto";
import { DeleteObjectCommand, DeleteObjectsCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { eachFront, outcome, refusal } from "../support/each-front.ts";
import { keysOf, put, remove, setVersioning, textOf } from "../support/versions.ts";

const test = eachFront();

test("Conditional_writes_see_a_delete_marker_as_no_object", async (t, at) => {
  const { s3, bucket } = at;
  await setVersioning(at, "Enabled");
  const { ETag } = await put(at, "x");
  const conditional = (conditions: { IfMatch?: string; IfNoneMatch?: string }) =>
    refusal(s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "y", ...conditions })));
  t.is(await conditional({ IfNoneMatch: "*" }), "412 PreconditionFailed");
  await remove(at);
  t.is(await conditional({ IfMatch: ETag ?? "" }), "404 NoSuchKey");
  t.is(await conditional({ IfNoneMatch: "*" }), "no error");
});

test("DeleteObject_conditions", async (t, at) => {
  const { s3, bucket } = at;
  await setVersioning(at, "Enabled");
  const { ETag, VersionId } = await put(at, "hello");
  const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "k" }));
  type Conditions = ConstructorParameters<typeof DeleteObjectCommand>[0];
  const attempt = (conditions: Partial<Conditions>, Key = "k") =>
    refusal(s3.send(new DeleteObjectCommand({ Bucket: bucket, Key, ...conditions })));
  t.is(await attempt({ IfMatch: '"other"' }), "412 PreconditionFailed");
  t.is(await attempt({ IfMatchSize: 6 }), "412 PreconditionFailed");
  t.is(await attempt({ IfMatchLastModifiedTime: new Date(0) }), "412 PreconditionFailed");
  t.is(await attempt({ IfMatch: ETag, IfMatchSize: 4 }), "412 PreconditionFailed");
  t.is(await attempt({ IfMatch: ETag, VersionId }), "501 NotImplemented");
  t.is(await attempt({ IfMatchSize: 5, VersionId }), "501 NotImplemented");
  t.is(await attempt({ IfMatch: "*" }, "absent"), "404 NoSuchKey");
  t.is(await attempt({ IfMatchSize: 5 }, "absent"), "no error");
  t.is(await textOf(at), "hello");
  t.is(await attempt({ IfMatch: ETag, IfMatchSize: 5, IfMatchLastModifiedTime: head.LastModified }), "no error");
  t.is(await attempt({ IfMatch: "*" }), "404 NoSuchKey", "a delete marker is no object");
  t.is(await attempt({ IfMatch: ETag }), "404 NoSuchKey");
});

test("Concurrent_writes_and_conditional_deletes_of_one_key", async (t, at) => {
  const { s3, bucket } = at;
  await setVersioning(at, "Enabled");
  const texts = Array.from({ length: 8 }, (_, index) => `writer ${index}`);
  const written = await Promise.all(texts.map((text) => put(at, text)));
  const ids = written.map(({ VersionId = "" }) => VersionId);
  t.is(new Set(ids).size, 8);
  for (const [index, id] of ids.entries()) t.is(await textOf(at, id), texts[index] ?? "");
  const { ETag = "", VersionId } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "k" }));
  t.true(ids.includes(VersionId ?? ""));
  const deleting = ids.map(() =>
    refusal(s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k", IfMatch: ETag }))),
  );
  const outcomes = await Promise.all(deleting);
  t.is(outcomes.filter((each) => each === "no error").length, 1);
  t.is(outcomes.filter((each) => each === "404 NoSuchKey").length, 7);
});

test("DeleteObjects_conditions", async (t, at) => {
  const { s3, bucket } = at;
  const { ETag } = await put(at, "hello", "match");
  for (const key of ["etag", "size", "time", "named"]) await put(at, "hello", key);
  const Objects = [
    { Key: "match", ETag, Size: 5 },
    { Key: "etag", ETag: '"other"' },
    { Key: "size", Size: 6 },
    { Key: "time", LastModifiedTime: new Date(0) },
    { Key: "named", VersionId: "null", ETag },
    { Key: "absent", ETag: "*" },
  ];
  const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
  t.deepEqual(Deleted, [{ Key: "match" }]);
  t.deepEqual(
    Errors?.map(({ Key, Code }) => [Key, Code]),
    [
      ["etag", "PreconditionFailed"],
      ["size", "PreconditionFailed"],
      ["time", "PreconditionFailed"],
      ["named", "NotImplemented"],
      ["absent", "NoSuchKey"],
    ],
  );
  t.deepEqual(await keysOf(s3, bucket), ["etag", "named", "size", "time"]);
});

test("DeleteObject_conditions_malformed_400", async (t, { bucket, signed }) => {
  const attempt = async (headers: Readonly<Record<string, string>>) =>
    outcome(await signed({ method: "DELETE", target: `/${bucket}/k`, headers }));
  t.is(await attempt({ "x-amz-if-match-size": "five" }), "400 InvalidArgument");
  t.is(await attempt({ "x-amz-if-match-size": "-1" }), "400 InvalidArgument");
  t.is(await attempt({ "x-amz-if-match-last-modified-time": "yesterday" }), "400 InvalidArgument");
});

test("DeleteObject_of_a_condition_that_deletes_do_not_have_501_and_the_object_stays", async (t, at) => {
  const { bucket, signed } = at;
  await put(at, "hello");
  const past = "Sat, 01 Jan 2022 00:00:00 GMT";
  const attempt = async (headers: Readonly<Record<string, string>>) =>
    outcome(await signed({ method: "DELETE", target: `/${bucket}/k`, headers }));
  t.is(await attempt({ "if-none-match": "*" }), "501 NotImplemented");
  t.is(await attempt({ "if-unmodified-since": past }), "501 NotImplemented");
  t.is(await attempt({ "if-modified-since": past }), "501 NotImplemented");
  t.is(await textOf(at), "hello");
});

test("DeleteObjects_of_a_condition_on_the_whole_list_501_and_the_objects_stay", async (t, at) => {
  const { bucket, signed } = at;
  await put(at, "hello");
  const body = "<Delete><Object><Key>k</Key></Object></Delete>";
  const digest = { "content-md5": createHash("md5").update(body).digest("base64") };
  const attempt = async (conditions: Readonly<Record<string, string>>) =>
    outcome(await signed({ method: "POST", target: `/${bucket}?delete`, body, headers: { ...digest, ...conditions } }));
  t.is(await attempt({ "if-match": '"other"' }), "501 NotImplemented");
  t.is(await attempt({ "if-none-match": "*" }), "501 NotImplemented");
  t.is(await attempt({ "x-amz-if-match-size": "1" }), "501 NotImplemented");
  t.is(await textOf(at), "hello");
});
