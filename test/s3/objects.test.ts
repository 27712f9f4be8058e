/** Single objects: what is put is got back, ranges, conditions, metadata, and keys of every kind. */

import { createHash } from "node:crypto";
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { eachFront, element, outcome, refusal, someBytes } from "../support/each-front.ts";

const test = eachFront();
const md5 = (bytes: Uint8Array | string): string => createHash("md5").update(bytes).digest("hex");

async function read(s3: S3Client, Bucket: string, Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

test("PutObject_GetObject_every_storage_tier", async (t, { s3, bucket }) => {
  for (const size of [
    0, 1, 700, 4096, 8192, 16_384, 65_536, 65_537, 262_144, 1_048_576, 1_048_577, 4_194_304, 9_000_001,
  ]) {
    const Body = someBytes(size);
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body }));
    t.is(ETag, `"${md5(Body)}"`, String(size));
    t.true((await read(s3, bucket, "k")).equals(Body), String(size));
    const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "k" }));
    t.like(head, { ContentLength: size, ETag, AcceptRanges: "bytes" });
  }
});

test("GetObject_sees_every_acknowledged_overwrite", async (t, { s3, bucket }) => {
  for (let index = 0; index < 40; index++) {
    const Body = `${index}`.repeat(index % 2 === 0 ? 10 : 20_000);
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body }));
    t.is((await read(s3, bucket, "k")).toString(), Body);
  }
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k" }));
  t.is(await refusal(s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k" }))), "404 NoSuchKey");
});

test("PutObject_default_content_type_and_system_metadata", async (t, { s3, bucket }) => {
  await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: "k",
      Body: "x",
      ContentType: "text/plain; charset=utf-8",
      CacheControl: "max-age=1",
      ContentDisposition: 'attachment; filename="a b"',
      ContentEncoding: "gzip",
      ContentLanguage: "de",
      Expires: new Date("2030-01-01T00:00:00Z"),
      StorageClass: "STANDARD_IA",
      WebsiteRedirectLocation: "/elsewhere",
      Tagging: "a=1&b=2",
    }),
  );
  const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "k" }));
  t.like(head, {
    ContentType: "text/plain; charset=utf-8",
    CacheControl: "max-age=1",
    ContentDisposition: 'attachment; filename="a b"',
    ContentEncoding: "gzip",
    ContentLanguage: "de",
    ExpiresString: "Tue, 01 Jan 2030 00:00:00 GMT",
    StorageClass: "STANDARD_IA",
    WebsiteRedirectLocation: "/elsewhere",
  });
});

test("PutObject_without_a_content_type_is_octet_stream", async (t, { bucket, signed }) => {
  await signed({ method: "PUT", target: `/${bucket}/k`, body: "x" });
  t.is((await signed({ method: "GET", target: `/${bucket}/k` })).headers["content-type"], "binary/octet-stream");
});

test("PutObject_user_metadata_comes_back", async (t, { s3, bucket }) => {
  const Metadata = { plain: "value", "with-dash": "a, b;c", empty: "", encoded: "=?UTF-8?B?w7w=?=", spaces: "a  b" };
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x", Metadata }));
  t.deepEqual((await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k" }))).Metadata, Metadata);
  t.deepEqual((await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "k" }))).Metadata, Metadata);
});

test("keys_of_every_kind_are_kept_as_they_are", async (t, { s3, bucket }) => {
  const keys = [
    "a//b",
    "a/../b",
    "a/./b",
    "..",
    ".",
    "...",
    "dir/",
    "dir//",
    "/leading",
    "//two",
    "a b",
    "a+b",
    "a%2Fb",
    "a%b",
    "ü/ñ/日本語/😀",
    "u\u0308",
    "!'()*~-_.",
    "&$@=;:+,?#[]",
    '\\ {}^`|"<>',
    "urn:oid:1",
    "File",
    "file",
    "k".repeat(1024),
  ];
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: `body of ${Key}` }));
  for (const Key of keys) t.is((await read(s3, bucket, Key)).toString(), `body of ${Key}`, Key);
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  t.deepEqual(Contents?.map(({ Key }) => Key).sort(), [...keys].sort());
  for (const Key of keys) await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  t.is((await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).KeyCount, 0);
});

test("keys_on_the_wire_percent_2F_is_a_slash_and_dots_stay", async (t, { s3, bucket, signed }) => {
  const written = [
    ["a%2Fb", "a/b"],
    ["x/../y", "x/../y"],
    ["%2E%2E/z", "../z"],
    ["p//q", "p//q"],
    ["plus+plus", "plus+plus"],
    ["plus%2bsmall", "plus+small"],
    ["tilde%7Etilde", "tilde~tilde"],
  ] as const;
  for (const [target, key] of written)
    t.is(outcome(await signed({ method: "PUT", target: `/${bucket}/${target}`, body: key })), "200", target);
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  t.deepEqual(Contents?.map(({ Key = "" }) => Key).sort(), written.map(([, key]) => key).sort());
  for (const [, key] of written) t.is((await read(s3, bucket, key)).toString(), key);
});

test("GetObject_ranges", async (t, { s3, bucket }) => {
  for (const size of [100, 300_000, 9_000_000]) {
    const Body = someBytes(size);
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body }));
    for (const [Range, start, end] of [
      ["bytes=0-0", 0, 1],
      ["bytes=10-19", 10, 20],
      ["bytes=50-", 50, size],
      ["bytes=-10", size - 10, size],
      [`bytes=-${size * 2}`, 0, size],
      [`bytes=${size - 1}-${size + 1000}`, size - 1, size],
      [`bytes=${Math.floor(size / 3)}-${Math.floor(size / 2)}`, Math.floor(size / 3), Math.floor(size / 2) + 1],
    ] as const) {
      const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k", Range }));
      t.is(answer.$metadata.httpStatusCode, 206, Range);
      t.is(answer.ContentRange, `bytes ${start}-${end - 1}/${size}`);
      t.is(answer.ContentLength, end - start);
      t.true(Buffer.from((await answer.Body?.transformToByteArray()) ?? []).equals(Body.subarray(start, end)), Range);
    }
  }
});

test("GetObject_range_past_the_end_416", async (t, { s3, bucket, signed }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "0123456789" }));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "empty", Body: "" }));
  for (const [key, range] of [
    ["k", "bytes=10-"],
    ["k", "bytes=-0"],
    ["empty", "bytes=0-"],
    ["empty", "bytes=-1"],
  ] as const) {
    const answer = await signed({ method: "GET", target: `/${bucket}/${key}`, headers: { range } });
    t.is(outcome(answer), "416 InvalidRange", `${key} ${range}`);
    t.is(element(answer, "ActualObjectSize"), key === "k" ? "10" : "0");
  }
});

test("GetObject_range_that_is_none_or_several_is_the_whole_200", async (t, { bucket, signed }) => {
  await signed({ method: "PUT", target: `/${bucket}/k`, body: "0123456789" });
  for (const range of ["bytes=0-1,4-5", "bytes=9-1", "lines=1-2", "bytes=-", "bytes=a-b", "1-2"]) {
    const answer = await signed({ method: "GET", target: `/${bucket}/k`, headers: { range } });
    t.is(answer.status, 200, range);
    t.is(answer.body.toString(), "0123456789");
  }
});

test("HeadObject_range_206_without_a_body", async (t, { bucket, signed }) => {
  await signed({ method: "PUT", target: `/${bucket}/k`, body: "0123456789" });
  const answer = await signed({ method: "HEAD", target: `/${bucket}/k`, headers: { range: "bytes=2-4" } });
  t.is(answer.status, 206);
  t.is(answer.headers["content-length"], "3");
  t.is(answer.headers["content-range"], "bytes 2-4/10");
});

test("GetObject_part_number_1_of_a_whole_object_206", async (t, { s3, bucket }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "0123456789" }));
  const one = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k", PartNumber: 1 }));
  t.is(one.$metadata.httpStatusCode, 206);
  t.is(await one.Body?.transformToString(), "0123456789");
  t.is(
    await refusal(s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k", PartNumber: 2 }))),
    "416 InvalidPartNumber",
  );
});

test("GetObject_conditions", async (t, { bucket, signed }) => {
  const target = `/${bucket}/k`;
  const etag = String((await signed({ method: "PUT", target, body: "x" })).headers["etag"]);
  const modified = String((await signed({ method: "HEAD", target })).headers["last-modified"]);
  const past = "Wed, 01 Jan 2020 00:00:00 GMT";
  for (const [headers, get] of [
    [{ "if-match": etag }, 200],
    [{ "if-match": `"other", ${etag}` }, 200],
    [{ "if-match": "*" }, 200],
    [{ "if-match": '"other"' }, 412],
    [{ "if-none-match": etag }, 304],
    [{ "if-none-match": etag.replaceAll('"', "") }, 304],
    [{ "if-none-match": "*" }, 304],
    [{ "if-none-match": '"other"' }, 200],
    [{ "if-modified-since": modified }, 304],
    [{ "if-modified-since": past }, 200],
    [{ "if-modified-since": "yesterday" }, 200],
    [{ "if-unmodified-since": modified }, 200],
    [{ "if-unmodified-since": past }, 412],
    [{ "if-match": etag, "if-unmodified-since": past }, 200],
    [{ "if-none-match": '"other"', "if-modified-since": modified }, 200],
  ] as [Record<string, string>, number][]) {
    for (const method of ["GET", "HEAD"]) {
      const answer = await signed({ method, target, headers });
      t.is(answer.status, get, `${method} ${JSON.stringify(headers)}`);
      if (get === 304) {
        t.is(answer.body.length, 0);
        t.is(answer.headers["etag"], etag);
      }
    }
  }
});

test("PutObject_if_none_match_existing_key_412", async (t, { s3, bucket }) => {
  const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: "x", IfNoneMatch: "*" }));
  await put("k");
  t.is(await refusal(put("k")), "412 PreconditionFailed");
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k" }));
  await t.notThrowsAsync(put("k"));
});

test("PutObject_if_none_match_race_has_one_winner", async (t, { s3, bucket }) => {
  const outcomes = await Promise.all(
    Array.from({ length: 24 }, (_, index) => {
      const Body = `writer ${index}`.padEnd(index % 2 === 0 ? 20 : 100_000);
      return refusal(s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body, IfNoneMatch: "*" })));
    }),
  );
  t.is(outcomes.filter((text) => text === "no error").length, 1);
  t.is(outcomes.filter((text) => text === "412 PreconditionFailed").length, 23);
});

test("PutObject_if_match_missing_404_other_412_same_200", async (t, { s3, bucket }) => {
  const put = (IfMatch?: string) =>
    s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x", ...(IfMatch === undefined ? {} : { IfMatch }) }),
    );
  t.is(await refusal(put('"abc"')), "404 NoSuchKey");
  const { ETag } = await put();
  t.is(await refusal(put('"abc"')), "412 PreconditionFailed");
  await t.notThrowsAsync(put(ETag));
});

test("DeleteObject_absent_204_and_conditional", async (t, { s3, bucket, signed }) => {
  t.is(outcome(await signed({ method: "DELETE", target: `/${bucket}/absent` })), "204");
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  t.is(
    await refusal(s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k", IfMatch: '"no"' }))),
    "412 PreconditionFailed",
  );
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k", IfMatch: ETag }));
  t.is(outcome(await signed({ method: "HEAD", target: `/${bucket}/k` })), "404");
});

test("DeleteObjects_verbose_quiet_and_absent_keys", async (t, { s3, bucket }) => {
  const keys = Array.from({ length: 1000 }, (_, index) => `k${index}`);
  const some = [...keys.slice(0, 5), "ü&<>\"'", " blanks "];
  for (const Key of some) await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: "x" }));
  const verbose = await s3.send(
    new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: some.slice(0, 2).map((Key) => ({ Key })) } }),
  );
  t.deepEqual(
    verbose.Deleted?.map(({ Key }) => Key),
    ["k0", "k1"],
  );
  const quiet = await s3.send(
    new DeleteObjectsCommand({ Bucket: bucket, Delete: { Quiet: true, Objects: some.map((Key) => ({ Key })) } }),
  );
  t.is(quiet.Deleted, undefined);
  t.is((await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).KeyCount, 0);
  const most = await s3.send(
    new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }),
  );
  t.is(most.Deleted?.length, 1000);
  const tooMany = [...keys, "one more"].map((Key) => ({ Key }));
  t.is(
    await refusal(s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: tooMany } }))),
    "400 MalformedXML",
  );
});

test("DeleteObjects_digest_missing_or_wrong_400", async (t, { bucket, signed }) => {
  const body = "<Delete><Object><Key>k</Key></Object></Delete>";
  const post = async (headers: Record<string, string>): Promise<string> =>
    outcome(await signed({ method: "POST", target: `/${bucket}?delete`, body, headers }));
  t.is(await post({}), "400 InvalidRequest");
  t.is(await post({ "content-md5": Buffer.alloc(16).toString("base64") }), "400 BadDigest");
  t.is(await post({ "content-md5": Buffer.from(md5(body), "hex").toString("base64") }), "200");
});

test("GetObjectAttributes_of_a_whole_object", async (t, { s3, bucket }) => {
  const { ETag } = await s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x", ChecksumAlgorithm: "SHA256" }),
  );
  const attributes = await s3.send(
    new GetObjectAttributesCommand({
      Bucket: bucket,
      Key: "k",
      ObjectAttributes: ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"],
    }),
  );
  t.is(attributes.ETag, ETag?.replaceAll('"', ""));
  t.is(attributes.Checksum?.ChecksumSHA256, createHash("sha256").update("x").digest("base64"));
  t.like(attributes, { ObjectSize: 1, StorageClass: "STANDARD" });
});

for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const) {
  test(`PutObject_${ChecksumAlgorithm}_is_verified_stored_and_returned`, async (t, { s3, bucket }) => {
    const name = `Checksum${ChecksumAlgorithm}` as const;
    const place = { Bucket: bucket, Key: "k" };
    const put = await s3.send(new PutObjectCommand({ ...place, Body: someBytes(100_000), ChecksumAlgorithm }));
    t.truthy(put[name]);
    t.is(put.ChecksumType, "FULL_OBJECT");
    const got = await s3.send(new GetObjectCommand({ ...place, ChecksumMode: "ENABLED" }));
    t.is(got[name], put[name]);
    // The SDK verifies the checksum while it reads.
    t.true(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(someBytes(100_000)));
    t.is((await s3.send(new HeadObjectCommand({ ...place, ChecksumMode: "ENABLED" })))[name], put[name]);
  });
}
