/** What a client may say of an object beside its bytes: metadata, tags, classes, encodings, sizes; and what it may not. */

import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { eachFront, element, outcome, refusal, type Stand } from "../support/each-front.ts";
import type { S3Answer } from "../support/s3-client.ts";
import { awsChunked } from "../support/signed-request.ts";

const test = eachFront();

const put = ({ bucket, signed }: Stand, headers: Readonly<Record<string, string>>): Promise<S3Answer> =>
  signed({ method: "PUT", target: `/${bucket}/k`, headers, body: "x" });
const create = ({ bucket, signed }: Stand, headers: Readonly<Record<string, string>>): Promise<S3Answer> =>
  signed({ method: "POST", target: `/${bucket}/k?uploads`, headers });
const head = ({ bucket, signed }: Stand): Promise<S3Answer> => signed({ method: "HEAD", target: `/${bucket}/k` });

/** Neither an object nor an upload is there. */
const isEmpty = async ({ bucket, signed }: Stand): Promise<boolean> => {
  const objects = await signed({ method: "GET", target: `/${bucket}?list-type=2` });
  const uploads = await signed({ method: "GET", target: `/${bucket}?uploads` });
  return element(objects, "KeyCount") === "0" && element(uploads, "UploadId") === undefined;
};

const tags = (count: number): string => Array.from({ length: count }, (_value, index) => `k${index}=v`).join("&");
const encoded = encodeURIComponent;

for (const [title, headers, expected] of [
  ["metadata_over_2_KB", { "x-amz-meta-a": "v".repeat(2048) }, "400 MetadataTooLarge"],
  [
    "metadata_of_several_over_2_KB",
    { "x-amz-meta-aa": "v".repeat(1022), "x-amz-meta-bb": "v".repeat(1023) },
    "400 MetadataTooLarge",
  ],
  ["storage_class", { "x-amz-storage-class": "COLD" }, "400 InvalidStorageClass"],
  ["storage_class_case", { "x-amz-storage-class": "standard" }, "400 InvalidStorageClass"],
  ["redirect", { "x-amz-website-redirect-location": "elsewhere" }, "400 InvalidArgument"],
  ["redirect_over_2_KB", { "x-amz-website-redirect-location": `/${"v".repeat(2048)}` }, "400 InvalidArgument"],
  ["acl_unknown", { "x-amz-acl": "everyone" }, "400 InvalidArgument"],
  ["acl_and_grant", { "x-amz-acl": "private", "x-amz-grant-read": "id=x" }, "400 InvalidRequest"],
  ["grant_to_nobody", { "x-amz-grant-read": "id=x" }, "400 InvalidArgument"],
  ["grant_write", { "x-amz-grant-write": "id=x" }, "501 NotImplemented"],
  ["encryption_in_two_layers", { "x-amz-server-side-encryption": "aws:kms:dsse" }, "501 NotImplemented"],
  ["encryption_unknown", { "x-amz-server-side-encryption": "AES512" }, "400 InvalidArgument"],
  ["key_not_listed", { "x-amz-server-side-encryption": "aws:kms" }, "400 KMS.NotFoundException"],
  ["customer_key_without_TLS", { "x-amz-server-side-encryption-customer-algorithm": "AES256" }, "400 InvalidRequest"],
  ["lock", { "x-amz-object-lock-legal-hold": "ON" }, "400 InvalidRequest"],
  ["owner_other", { "x-amz-expected-bucket-owner": "999999999999" }, "403 AccessDenied"],
  ["owner_malformed", { "x-amz-expected-bucket-owner": "1" }, "400 InvalidBucketOwnerAWSAccountID"],
  ["tags_11", { "x-amz-tagging": tags(11) }, "400 BadRequest"],
  ["tag_key_129", { "x-amz-tagging": `${"k".repeat(129)}=v` }, "400 InvalidTag"],
  ["tag_value_257", { "x-amz-tagging": `k=${"v".repeat(257)}` }, "400 InvalidTag"],
  ["tag_key_empty", { "x-amz-tagging": "=v" }, "400 InvalidTag"],
  ["tag_key_twice", { "x-amz-tagging": "k=1&k=2" }, "400 InvalidArgument"],
  ["tag_key_reserved", { "x-amz-tagging": `${encoded("aws:k")}=v` }, "400 InvalidTag"],
  ["tag_character", { "x-amz-tagging": `k=${encoded("a<b")}` }, "400 InvalidTag"],
  ["tag_escape", { "x-amz-tagging": "k=%zz" }, "400 InvalidArgument"],
] as [string, Record<string, string>, string][]) {
  test(`PutObject_CreateMultipartUpload_${title}_${expected.slice(0, 3)}`, async (t, stand) => {
    t.is(outcome(await put(stand, headers)), expected);
    t.is(outcome(await create(stand, headers)), expected);
    t.true(await isEmpty(stand));
  });
}

for (const [title, headers, expected] of [
  ["append", { "x-amz-write-offset-bytes": "0" }, "501 NotImplemented"],
  ["if_none_match_etag", { "if-none-match": '"abc"' }, "501 NotImplemented"],
  ["if_match_missing_key", { "if-match": '"abc"' }, "404 NoSuchKey"],
  ["if_match_any_missing_key", { "if-match": "*" }, "404 NoSuchKey"],
  ["if_modified_since", { "if-modified-since": "Mon, 01 Jan 2001 00:00:00 GMT" }, "501 NotImplemented"],
] as [string, Record<string, string>, string][]) {
  test(`PutObject_${title}_${expected.slice(0, 3)}`, async (t, stand) => {
    t.is(outcome(await put(stand, headers)), expected);
    t.true(await isEmpty(stand));
  });
}

test("PutObject_if_match_list_or_weak_412", async (t, stand) => {
  const { etag = "" } = (await put(stand, {})).headers as { etag?: string };
  for (const condition of [`${etag}, "x"`, `W/${etag}`, ""])
    t.is(outcome(await put(stand, { "if-match": condition })), "412 PreconditionFailed", condition);
  t.is(outcome(await put(stand, { "if-match": etag.replaceAll('"', "") })), "200");
});

test("PutObject_metadata_of_2_KB_is_kept", async (t, stand) => {
  // Names without their prefix and values count.
  const headers = { "x-amz-meta-aa": "v".repeat(1022), "x-amz-meta-bb": "v".repeat(1022) };
  t.is(outcome(await put(stand, headers)), "200");
  const { Metadata } = await stand.s3.send(new HeadObjectCommand({ Bucket: stand.bucket, Key: "k" }));
  t.is(Metadata?.["aa"]?.length, 1022);
});

test("PutObject_headers_without_a_value_say_nothing", async (t, { bucket, signed }) => {
  const target = `/${bucket}/k`;
  const names = ["cache-control", "content-disposition", "content-encoding", "content-language", "expires"];
  const headers = Object.fromEntries(["content-type", ...names].map((name) => [name, ""]));
  t.is((await signed({ method: "PUT", target, body: "x", headers })).status, 200);
  const answer = await signed({ method: "GET", target });
  t.is(answer.headers["content-type"], "binary/octet-stream");
  for (const name of names) t.is(answer.headers[name], undefined, name);
});

test("PutObject_every_storage_class_is_echoed_but_STANDARD", async (t, stand) => {
  for (const name of [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "OUTPOSTS",
    "GLACIER_IR",
    "SNOW",
    "EXPRESS_ONEZONE",
    "FSX_OPENZFS",
  ]) {
    t.is(outcome(await put(stand, { "x-amz-storage-class": name })), "200", name);
    t.is((await head(stand)).headers["x-amz-storage-class"], name === "STANDARD" ? undefined : name);
    const { Contents } = await stand.s3.send(new ListObjectsV2Command({ Bucket: stand.bucket }));
    t.is(Contents?.[0]?.StorageClass, name as "STANDARD");
    t.is(outcome(await stand.signed({ method: "GET", target: `/${stand.bucket}/k` })), "200", "its bytes are at hand");
  }
});

test("PutObject_tags_are_counted_on_reads", async (t, stand) => {
  const unicode = `${encoded("Größe 東")}=${encoded("+-=._:/@ 1")}`;
  for (const [tagging, count] of [
    [tags(10), "10"],
    [unicode, "1"],
    [`${"k".repeat(128)}=${"v".repeat(256)}`, "1"],
    ["k", "1"],
    ["", undefined],
  ] as const) {
    t.is(outcome(await put(stand, { "x-amz-tagging": tagging })), "200", tagging);
    t.is((await head(stand)).headers["x-amz-tagging-count"], count, tagging);
  }
});

for (const [sent, kept] of [
  ["aws-chunked", undefined],
  ["gzip,aws-chunked", "gzip"],
  ["aws-chunked, gzip", "gzip"],
  ["gzip, aws-chunked, br", "gzip, br"],
  ["AWS-Chunked", undefined],
  ["gzip", "gzip"],
] as const) {
  test(`PutObject_content_encoding_${sent}_is_kept_as_${kept}`, async (t, stand) => {
    const { s3, bucket, signed } = stand;
    const target = `/${bucket}/k`;
    const answer = await signed({
      method: "PUT",
      target,
      payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      headers: { "content-encoding": sent, "x-amz-decoded-content-length": "5" },
      body: awsChunked(Buffer.from("hello"), { signing: null }),
    });
    t.is(outcome(answer), "200");
    const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k" }));
    t.is(got.ContentEncoding, kept);
    t.is(await got.Body?.transformToString(), "hello");
    const begun = await create(stand, { "content-encoding": sent });
    const upload = { Bucket: bucket, Key: "k", UploadId: element(begun, "UploadId") };
    const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "hello" }));
    await s3.send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] } }),
    );
    t.is((await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "k" }))).ContentEncoding, kept);
  });
}

const over = String(5 * 1024 ** 3 + 1);

test("PutObject_UploadPart_over_5_GiB_are_refused_at_their_headers_400", async (t, stand) => {
  const { s3, bucket, signed } = stand;
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: "k" }));
  for (const query of ["", `?partNumber=1&uploadId=${UploadId}`]) {
    const answer = await signed({
      method: "PUT",
      target: `/${bucket}/k${query}`,
      payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      headers: { "content-encoding": "aws-chunked", "x-amz-decoded-content-length": over },
      body: "",
    });
    t.is(outcome(answer), "400 EntityTooLarge");
    t.is(element(answer, "ProposedSize"), over);
    t.is(element(answer, "MaxSizeAllowed"), String(5 * 1024 ** 3));
  }
  t.is((await head(stand)).status, 404);
});

test("PutObject_decoded_length_that_is_none_400_or_411", async (t, stand) => {
  for (const [headers, expected] of [
    [{ "x-amz-decoded-content-length": "x" }, "400 InvalidArgument"],
    [{ "x-amz-decoded-content-length": "-1" }, "400 InvalidArgument"],
    [{}, "411 MissingContentLength"],
  ] as [Record<string, string>, string][]) {
    const answer = await stand.signed({
      method: "PUT",
      target: `/${stand.bucket}/k`,
      payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      headers: { "content-encoding": "aws-chunked", ...headers },
      body: awsChunked(Buffer.from("hello"), { signing: null }),
    });
    t.is(outcome(answer), expected);
  }
  t.true(await isEmpty(stand));
});

test("CompleteMultipartUpload_more_than_10000_parts_400", async (t, stand) => {
  const { s3, bucket, signed } = stand;
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: "k" }));
  const parts = Array.from(
    { length: 10_001 },
    (_value, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>e</ETag></Part>`,
  ).join("");
  const answer = await signed({
    method: "POST",
    target: `/${bucket}/k?uploadId=${UploadId}`,
    body: `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`,
  });
  t.is(outcome(answer), "400 MalformedXML");
  t.is((await head(stand)).status, 404);
});

test("answers_about_a_bucket_say_its_region", async (t, { s3, bucket, signed, plain }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  for (const [method, query, region] of [
    ["HEAD", "", "us-east-1"],
    ["GET", "?list-type=2", "us-east-1"],
    ["GET", "", "us-east-1"],
    ["GET", "?uploads", "us-east-1"],
    ["GET", "?location", "us-east-1"],
  ] as const) {
    const answer = await signed({ method, target: `/${bucket}${query}` });
    t.is(answer.headers["x-amz-bucket-region"], region, `${method} ${query}`);
  }
  t.is((await signed({ method: "GET", target: `/${bucket}/k` })).headers["x-amz-bucket-region"], undefined);
  const stranger = await plain({ method: "HEAD", target: `/${bucket}` });
  t.is(stranger.status, 403);
  t.is(stranger.headers["x-amz-bucket-region"], "us-east-1", "HeadBucket says it to whoever asks");
  const absent = await plain({ method: "HEAD", target: "/no-such-bucket" });
  t.is(absent.status, 404);
  t.is(absent.headers["x-amz-bucket-region"], undefined);
});

test("GetObjectTagging_answers_the_tags_of_the_header", async (t, { s3, bucket }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "tagged", Tagging: "one=1&two%20words=x+y" }));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "bare" }));
  const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: "tagged" }));
  t.deepEqual(TagSet, [
    { Key: "one", Value: "1" },
    { Key: "two words", Value: "x y" },
  ]);
  t.deepEqual((await s3.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: "bare" }))).TagSet, []);
  t.is(await refusal(s3.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: "nothing" }))), "404 NoSuchKey");
});
