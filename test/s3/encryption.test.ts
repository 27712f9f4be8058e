/** Server-side encryption as clients see it: SSE-S3, SSE-KMS, SSE-C, their defaults, copies, parts and refusals. */

import { createHash } from "node:crypto";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { eachFront, outcome, refusal, someBytes } from "../support/each-front.ts";
import { customer, hidesMd5, md5Of, read, sourceKey, type Way, wayNames, ways } from "../support/encrypted-objects.ts";

const test = eachFront({ tls: true, settings: ['encryption.keys=[{"id":"first"},{"id":"second"}]'] });

test("PutObject_encrypted_every_way_and_size", async (t, { s3, bucket }) => {
  for (const way of wayNames) {
    for (const size of [0, 10, 8000, 9000, 300_000, 5_000_000]) {
      const name = `${way} ${size}`;
      const at = { Bucket: bucket, Key: name };
      const Body = someBytes(size);
      const put = await s3.send(new PutObjectCommand({ ...at, Body, ...ways[way].write }));
      t.like(put, ways[way].shown, name);
      t.is(put.ETag === `"${md5Of(Body)}"`, !hidesMd5[way], name);
      t.regex(put.ETag ?? "", /^"[0-9a-f]{32}"$/, name);
      const head = await s3.send(new HeadObjectCommand({ ...at, ...ways[way].read }));
      t.like(head, { ...ways[way].shown, ContentLength: size, ETag: put.ETag }, name);
      t.true((await read(s3, at, way)).equals(Body), name);
    }
  }
});

test("GetObject_versions_that_are_encrypted_in_different_ways", async (t, { s3, bucket }) => {
  const at = { Bucket: bucket, Key: "k" };
  const VersioningConfiguration = { Status: "Enabled" as const };
  await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  const versions: [Way, string | undefined, Buffer][] = [];
  for (const size of [50, 100_000]) {
    for (const way of wayNames) {
      const Body = someBytes(size);
      const { VersionId } = await s3.send(new PutObjectCommand({ ...at, Body, ...ways[way].write }));
      versions.push([way, VersionId, Body]);
    }
  }
  for (const [way, VersionId, body] of versions) {
    const { Body } = await s3.send(new GetObjectCommand({ ...at, VersionId, ...ways[way].read }));
    t.true(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(body), `${way} ${body.length}`);
  }
  const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  t.deepEqual(
    Versions?.map(({ Size }) => Size),
    versions.map(([, , body]) => body.length).reverse(),
  );
});

test("PutObject_first_encrypted_writes_of_a_bucket_all_at_once", async (t, { s3, bucket }) => {
  const each = Array.from(
    { length: 24 },
    (_, index) => ({ Key: `k${index}`, way: index % 2 === 0 ? "s3" : "bucketKey" }) as const,
  );
  await Promise.all(
    each.map(({ Key, way }) => s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key, ...ways[way].write }))),
  );
  for (const { Key, way } of each) t.is((await read(s3, { Bucket: bucket, Key }, way)).toString(), Key);
});

test("GetObject_ranges_of_encrypted_objects", async (t, { s3, bucket }) => {
  const Body = someBytes(3_000_000);
  for (const way of wayNames) {
    const at = { Bucket: bucket, Key: way };
    await s3.send(new PutObjectCommand({ ...at, Body, ...ways[way].write }));
    for (const [start, end] of [
      [0, 0],
      [65_535, 65_536],
      [65_536, 131_071],
      [1_000_001, 2_999_998],
      [2_999_999, 2_999_999],
    ] as const) {
      const part = await read(s3, { ...at, Range: `bytes=${start}-${end}` }, way);
      t.true(part.equals(Body.subarray(start, end + 1)), `${way} ${start}-${end}`);
    }
  }
});

test("PutObject_checksums_and_conditions_hold_for_the_plain_body", async (t, { s3, bucket }) => {
  const at = { Bucket: bucket, Key: "k" };
  const Body = "plain";
  const ChecksumSHA256 = createHash("sha256").update(Body).digest("base64");
  const put = await s3.send(new PutObjectCommand({ ...at, Body, ChecksumSHA256, ...customer("a") }));
  t.is(put.ChecksumSHA256, ChecksumSHA256);
  const head = await s3.send(new HeadObjectCommand({ ...at, ChecksumMode: "ENABLED", ...customer("a") }));
  t.is(head.ChecksumSHA256, ChecksumSHA256);
  t.is(await refusal(s3.send(new HeadObjectCommand({ ...at, IfMatch: '"other"', ...customer("a") }))), "412 Unknown");
  t.truthy(await s3.send(new GetObjectCommand({ ...at, IfMatch: put.ETag, ...customer("a") })));
  const wrong = { ...at, Body, ChecksumSHA256: createHash("sha256").update("x").digest("base64"), ...customer("a") };
  t.is(await refusal(s3.send(new PutObjectCommand(wrong))), "400 BadDigest");
});

test("GetObject_customer_key_missing_wrong_and_not_applicable", async (t, { s3, bucket }) => {
  const at = { Bucket: bucket, Key: "k" };
  for (const size of [5, 9000, 2_000_000]) {
    await s3.send(new PutObjectCommand({ ...at, Body: someBytes(size), ...customer("a") }));
    t.is(await refusal(s3.send(new GetObjectCommand(at))), "400 InvalidRequest");
    t.is(await refusal(s3.send(new GetObjectCommand({ ...at, ...customer("b") }))), "403 AccessDenied");
    t.is(await refusal(s3.send(new HeadObjectCommand(at))), "400 Unknown");
    t.is(await refusal(s3.send(new HeadObjectCommand({ ...at, ...customer("b") }))), "403 Unknown");
    const attributes = { ...at, ObjectAttributes: ["ETag" as const, "ObjectSize" as const] };
    t.is(await refusal(s3.send(new GetObjectAttributesCommand(attributes))), "400 InvalidRequest");
    t.is(
      await refusal(s3.send(new GetObjectAttributesCommand({ ...attributes, ...customer("b") }))),
      "403 AccessDenied",
    );
    t.is((await s3.send(new GetObjectAttributesCommand({ ...attributes, ...customer("a") }))).ObjectSize, size);
  }
  await s3.send(new PutObjectCommand({ ...at, Body: "x" }));
  t.is(await refusal(s3.send(new GetObjectCommand({ ...at, ...customer("a") }))), "400 InvalidRequest");
  await s3.send(new PutObjectCommand({ ...at, Body: "x", ServerSideEncryption: "AES256" }));
  t.is(await refusal(s3.send(new GetObjectCommand({ ...at, ...customer("a") }))), "400 InvalidRequest");
  t.is(await refusal(s3.send(new GetObjectCommand({ ...at, Key: "absent", ...customer("a") }))), "404 NoSuchKey");
});

test("PutObject_encryption_headers_that_contradict_or_lack_something_400", async (t, { bucket, signed }) => {
  const { SSECustomerKey: key, SSECustomerKeyMD5: md5 } = customer("a");
  const sse = "x-amz-server-side-encryption";
  const put = async (headers: Readonly<Record<string, string>>) =>
    outcome(await signed({ method: "PUT", target: `/${bucket}/k`, headers, body: "x" }));
  const cases: readonly [Readonly<Record<string, string>>, string][] = [
    [{ [sse]: "aes256" }, "400 InvalidArgument"],
    [{ [sse]: "aws:fsx" }, "400 InvalidArgument"],
    [{ [sse]: "aws:kms:dsse" }, "501 NotImplemented"],
    [{ [`${sse}-aws-kms-key-id`]: "first" }, "400 InvalidArgument"],
    [{ [sse]: "AES256", [`${sse}-aws-kms-key-id`]: "first" }, "400 InvalidArgument"],
    [{ [sse]: "aws:kms", [`${sse}-aws-kms-key-id`]: "third" }, "400 KMS.NotFoundException"],
    [{ [sse]: "aws:kms", [`${sse}-aws-kms-key-id`]: "alias/other" }, "400 KMS.NotFoundException"],
    [{ [sse]: "aws:kms", [`${sse}-context`]: "not base64!" }, "400 InvalidArgument"],
    [{ [sse]: "aws:kms", [`${sse}-context`]: Buffer.from('{"a":1}').toString("base64") }, "400 InvalidArgument"],
    [{ [sse]: "aws:kms", [`${sse}-context`]: Buffer.from("[]").toString("base64") }, "400 InvalidArgument"],
    [{ [`${sse}-customer-algorithm`]: "AES256" }, "400 InvalidArgument"],
    [{ [`${sse}-customer-key`]: key, [`${sse}-customer-key-md5`]: md5 }, "400 InvalidArgument"],
    [{ [`${sse}-customer-algorithm`]: "AES256", [`${sse}-customer-key`]: key }, "400 InvalidArgument"],
    [
      { [`${sse}-customer-algorithm`]: "AES128", [`${sse}-customer-key`]: key, [`${sse}-customer-key-md5`]: md5 },
      "400 InvalidEncryptionAlgorithmError",
    ],
    [
      { [`${sse}-customer-algorithm`]: "AES256", [`${sse}-customer-key`]: "AAAA", [`${sse}-customer-key-md5`]: md5 },
      "400 InvalidArgument",
    ],
    [
      {
        [`${sse}-customer-algorithm`]: "AES256",
        [`${sse}-customer-key`]: key,
        [`${sse}-customer-key-md5`]: customer("b").SSECustomerKeyMD5,
      },
      "400 InvalidArgument",
    ],
    [
      {
        [sse]: "AES256",
        [`${sse}-customer-algorithm`]: "AES256",
        [`${sse}-customer-key`]: key,
        [`${sse}-customer-key-md5`]: md5,
      },
      "400 InvalidArgument",
    ],
  ];
  for (const [headers, expected] of cases) t.is(await put(headers), expected, JSON.stringify(Object.keys(headers)));
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}/k` })), "404 NoSuchKey");
});

test("GetObject_with_the_header_of_writes_400", async (t, { s3, bucket, signed }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x", ServerSideEncryption: "AES256" }));
  const headers = { "x-amz-server-side-encryption": "AES256" };
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}/k`, headers })), "400 InvalidArgument");
  t.is(outcome(await signed({ method: "HEAD", target: `/${bucket}/k`, headers })), "400");
});

test("PutObject_named_keys_by_id_arn_alias_and_context", async (t, { s3, bucket }) => {
  const SSEKMSEncryptionContext = Buffer.from(JSON.stringify({ b: "2", a: "1" })).toString("base64");
  const arn = /^arn:aws:kms:us-east-1:\d{12}:key\/(first|second)$/;
  const named: readonly [string | undefined, string][] = [
    [undefined, "first"],
    ["alias/aws/s3", "first"],
    ["arn:aws:kms:us-east-1:123456789012:alias/aws/s3", "first"],
    ["second", "second"],
    ["arn:aws:kms:eu-central-1:123456789012:key/second", "second"],
  ];
  for (const [SSEKMSKeyId, expected] of named) {
    const at = { Bucket: bucket, Key: SSEKMSKeyId ?? "default" };
    const asked = { ServerSideEncryption: "aws:kms" as const, SSEKMSEncryptionContext };
    const put = await s3.send(
      new PutObjectCommand({ ...at, Body: "body", ...asked, ...(SSEKMSKeyId === undefined ? {} : { SSEKMSKeyId }) }),
    );
    t.is(arn.exec(put.SSEKMSKeyId ?? "")?.[1], expected);
    t.is(put.SSEKMSEncryptionContext, SSEKMSEncryptionContext);
    t.is((await read(s3, at, "kms")).toString(), "body");
    t.is((await s3.send(new HeadObjectCommand(at))).SSEKMSKeyId, put.SSEKMSKeyId);
  }
});

test("CopyObject_between_every_two_ways", async (t, { s3, bucket }) => {
  for (const size of [100, 200_000]) {
    const Body = someBytes(size);
    for (const from of wayNames) {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: from, Body, ...ways[from].write }));
      for (const to of wayNames) {
        const target = { Bucket: bucket, Key: `${from}-${to}` };
        const CopySource = `${bucket}/${from}`;
        const copied = await s3.send(
          new CopyObjectCommand({ ...target, CopySource, ...ways[from].source, ...ways[to].write }),
        );
        t.like(copied, ways[to].shown, `${from} to ${to}`);
        t.is(copied.CopyObjectResult?.ETag === `"${md5Of(Body)}"`, !hidesMd5[to], `${from} to ${to}`);
        t.true((await read(s3, target, to)).equals(Body), `${from} to ${to}`);
      }
    }
  }
});

test("CopyObject_source_keys_and_copies_onto_itself", async (t, { s3, bucket }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "c", Body: "x", ...customer("a") }));
  const copy = { Bucket: bucket, Key: "to", CopySource: `${bucket}/c` };
  t.is(await refusal(s3.send(new CopyObjectCommand(copy))), "400 InvalidRequest");
  t.is(await refusal(s3.send(new CopyObjectCommand({ ...copy, ...sourceKey("b") }))), "403 AccessDenied");
  const itself = { ...copy, Key: "c", ...sourceKey("a"), ...customer("b") };
  await s3.send(new CopyObjectCommand(itself));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "c", ...customer("b") }));
  t.is(await Body?.transformToString(), "x");
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "plain", Body: "x" }));
  const plain = { Bucket: bucket, Key: "plain", CopySource: `${bucket}/plain` };
  t.is(await refusal(s3.send(new CopyObjectCommand(plain))), "400 InvalidRequest");
  t.like(await s3.send(new CopyObjectCommand({ ...plain, ServerSideEncryption: "AES256" })), {
    ServerSideEncryption: "AES256",
  });
  t.is(await refusal(s3.send(new CopyObjectCommand({ ...plain, ...sourceKey("a") }))), "400 InvalidRequest");
});

const MiB = 1024 * 1024;

test("CreateMultipartUpload_encrypted_every_way", async (t, { s3, bucket }) => {
  const parts = [someBytes(5 * MiB), someBytes(5 * MiB + 1), someBytes(77)];
  const whole = Buffer.concat(parts);
  for (const way of wayNames) {
    const at = { Bucket: bucket, Key: way };
    const begun = await s3.send(new CreateMultipartUploadCommand({ ...at, ...ways[way].write }));
    t.like(begun, ways[way].shown, way);
    const upload = { ...at, UploadId: begun.UploadId };
    const sent = [];
    for (const [index, Body] of parts.entries()) {
      const PartNumber = index + 1;
      const part = await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body, ...ways[way].read }));
      t.like(part, ways[way].shown, way);
      t.is(part.ETag === `"${md5Of(Body)}"`, !hidesMd5[way], way);
      sent.push({ PartNumber, ETag: part.ETag });
    }
    const MultipartUpload = { Parts: sent };
    const completed = await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
    if (way !== "customer") t.like(completed, ways[way].shown, way);
    t.true((await read(s3, at, way)).equals(whole), way);
    const Range = `bytes=${5 * MiB - 3}-${10 * MiB + 20}`;
    t.true((await read(s3, { ...at, Range }, way)).equals(whole.subarray(5 * MiB - 3, 10 * MiB + 21)), way);
    const part2 = await s3.send(new GetObjectCommand({ ...at, PartNumber: 2, ...ways[way].read }));
    t.true(Buffer.from((await part2.Body?.transformToByteArray()) ?? []).equals(parts[1] ?? Buffer.alloc(0)), way);
  }
});

test("UploadPart_with_wrong_customer_keys_400", async (t, { s3, bucket }) => {
  const at = { Bucket: bucket, Key: "k" };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, ...customer("a") }));
  const part = { ...at, UploadId, PartNumber: 1, Body: "x" };
  t.is(await refusal(s3.send(new UploadPartCommand(part))), "400 InvalidRequest");
  t.is(await refusal(s3.send(new UploadPartCommand({ ...part, ...customer("b") }))), "400 InvalidRequest");
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "from", Body: "source", ...customer("c") }));
  const copy = { ...at, UploadId, PartNumber: 1, CopySource: `${bucket}/from` };
  t.is(await refusal(s3.send(new UploadPartCopyCommand({ ...copy, ...sourceKey("c") }))), "400 InvalidRequest");
  const wrongSource = { ...copy, ...sourceKey("a"), ...customer("a") };
  t.is(await refusal(s3.send(new UploadPartCopyCommand(wrongSource))), "403 AccessDenied");
  const copied = await s3.send(new UploadPartCopyCommand({ ...copy, ...sourceKey("c"), ...customer("a") }));
  const listed = { ...at, UploadId };
  t.is((await s3.send(new ListPartsCommand(listed))).Parts?.length, 1);
  t.is(await refusal(s3.send(new ListPartsCommand({ ...listed, ...customer("b") }))), "400 InvalidRequest");
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: copied.CopyPartResult?.ETag }] };
  const complete = { ...at, UploadId, MultipartUpload };
  t.is(
    await refusal(s3.send(new CompleteMultipartUploadCommand({ ...complete, ...customer("b") }))),
    "400 InvalidRequest",
  );
  await s3.send(new CompleteMultipartUploadCommand({ ...complete, ...customer("a") }));
  t.is((await read(s3, at, "customer")).toString(), "source");

  const plain = await s3.send(new CreateMultipartUploadCommand(at));
  const plainPart = { ...at, UploadId: plain.UploadId, PartNumber: 1, Body: "x", ...customer("a") };
  t.is(await refusal(s3.send(new UploadPartCommand(plainPart))), "400 InvalidRequest");
});
