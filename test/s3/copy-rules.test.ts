/** Copies: every condition on source and target, directives, names of sources, and one winner under concurrency. */

import {
  CopyObjectCommand,
  type CopyObjectCommandInput,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { eachFront, element, outcome, refusal, type Stand } from "../support/each-front.ts";

const test = eachFront();

const past = "Mon, 01 Jan 2001 00:00:00 GMT";
const future = "Fri, 01 Jan 2100 00:00:00 GMT";

const head = ({ s3, bucket }: Stand, Key: string, VersionId?: string) =>
  s3.send(new HeadObjectCommand({ Bucket: bucket, Key, ...(VersionId === undefined ? {} : { VersionId }) }));

/** Copies "from" to "to" and says how it ended. */
const copy = (
  { bucket, signed }: Stand,
  headers: Readonly<Record<string, string>> = {},
  source = `/${bucket}/from`,
  key = "to",
) => signed({ method: "PUT", target: `/${bucket}/${key}`, headers: { "x-amz-copy-source": source, ...headers } });

const source = async ({ s3, bucket }: Stand, more: object = {}) => {
  const { ETag = "" } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "from", Body: "x", ...more }));
  return ETag;
};

const named = (short: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(short).map(([name, value]) => [`x-amz-copy-source-${name}`, value]));

for (const [title, conditions, expected] of [
  ["if_match_same", (etag: string) => ({ "if-match": etag }), 200],
  ["if_match_bare", (etag: string) => ({ "if-match": etag.replaceAll('"', "") }), 200],
  ["if_match_any", () => ({ "if-match": "*" }), 200],
  ["if_match_other", () => ({ "if-match": '"no"' }), 412],
  ["if_none_match_other", () => ({ "if-none-match": '"no"' }), 200],
  ["if_none_match_same", (etag: string) => ({ "if-none-match": etag }), 412],
  ["if_none_match_any", () => ({ "if-none-match": "*" }), 412],
  ["if_modified_since_past", () => ({ "if-modified-since": past }), 200],
  ["if_modified_since_now", () => ({ "if-modified-since": new Date().toUTCString() }), 412],
  ["if_modified_since_to_come_is_none", () => ({ "if-modified-since": future }), 200],
  ["if_unmodified_since_future", () => ({ "if-unmodified-since": future }), 200],
  ["if_unmodified_since_past", () => ({ "if-unmodified-since": past }), 412],
  [
    "if_match_true_if_unmodified_since_false",
    (etag: string) => ({ "if-match": etag, "if-unmodified-since": past }),
    200,
  ],
  ["if_match_false_if_unmodified_since_true", () => ({ "if-match": '"no"', "if-unmodified-since": future }), 412],
  [
    "if_none_match_false_if_modified_since_true",
    (etag: string) => ({ "if-none-match": etag, "if-modified-since": past }),
    412,
  ],
] as [string, (etag: string) => Record<string, string>, number][]) {
  test(`CopyObject_UploadPartCopy_source_${title}_${expected}`, async (t, stand) => {
    const { s3, bucket, signed } = stand;
    const headers = named(conditions(await source(stand)));
    const answer = await copy(stand, headers);
    t.is(outcome(answer), expected === 200 ? "200" : "412 PreconditionFailed");
    if (expected === 412) t.regex(element(answer, "Condition") ?? "", /^x-amz-copy-source-If-/);
    t.is(await refusal(head(stand, "to")), expected === 200 ? "no error" : "404 NotFound");
    const place = { Bucket: bucket, Key: "parts" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(place));
    const target = `/${bucket}/parts?partNumber=1&uploadId=${UploadId}`;
    const part = await signed({
      method: "PUT",
      target,
      headers: { "x-amz-copy-source": `${bucket}/from`, ...headers },
    });
    t.is(outcome(part), expected === 200 ? "200" : "412 PreconditionFailed");
    const { Parts = [] } = await s3.send(new ListPartsCommand({ ...place, UploadId }));
    t.is(Parts.length, expected === 200 ? 1 : 0);
  });
}

test("CopyObject_target_conditions", async (t, stand) => {
  const etag = await source(stand);
  t.is(outcome(await copy(stand, { "if-match": "*" })), "404 NoSuchKey");
  t.is(outcome(await copy(stand, { "if-none-match": '"x"' })), "501 NotImplemented");
  t.is(outcome(await copy(stand, { "if-none-match": "*" })), "200");
  t.is(outcome(await copy(stand, { "if-none-match": "*" })), "412 PreconditionFailed");
  t.is(outcome(await copy(stand, { "if-match": '"no"' })), "412 PreconditionFailed");
  t.is(outcome(await copy(stand, { "if-match": etag })), "200");
});

test("CopyObject_if_none_match_race_has_one_winner", async (t, stand) => {
  await source(stand);
  const answers = await Promise.all(Array.from({ length: 12 }, () => copy(stand, { "if-none-match": "*" })));
  const outcomes = answers.map(outcome).sort();
  t.deepEqual(outcomes, ["200", ...Array.from({ length: 11 }, () => "412 PreconditionFailed")]);
});

test("CopyObject_if_match_race_has_one_winner", async (t, stand) => {
  const { s3, bucket } = stand;
  const etag = await source(stand);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "to", Body: "first" }));
  const { ETag: target = "" } = await head(stand, "to");
  const answers = await Promise.all(Array.from({ length: 12 }, () => copy(stand, { "if-match": target })));
  t.is(answers.filter(({ status }) => status === 200).length, 1);
  t.is((await head(stand, "to")).ETag, etag);
});

const withMetadata = {
  ContentType: "text/a",
  CacheControl: "no-store",
  Metadata: { a: "1" },
  Tagging: "t=1",
  StorageClass: "STANDARD_IA",
  WebsiteRedirectLocation: "/old",
} as const;

test("CopyObject_directives", async (t, stand) => {
  const { s3, bucket } = stand;
  await source(stand, withMetadata);
  const made = async (Key: string, more: Partial<CopyObjectCommandInput>) => {
    await s3.send(new CopyObjectCommand({ Bucket: bucket, Key, CopySource: `${bucket}/from`, ...more }));
    const { ContentType, CacheControl, Metadata, TagCount, StorageClass, WebsiteRedirectLocation } = await head(
      stand,
      Key,
    );
    return { ContentType, CacheControl, Metadata, TagCount, StorageClass, WebsiteRedirectLocation };
  };
  const copied = { ContentType: "text/a", CacheControl: "no-store", Metadata: { a: "1" } };
  const own = { ContentType: "text/b", Metadata: { b: "2" }, Tagging: "x=1&y=2" };
  const bare = { TagCount: undefined, StorageClass: undefined, WebsiteRedirectLocation: undefined };
  // Class and redirect are never copied; tags and metadata that come with COPY are not taken.
  t.deepEqual(await made("plain", {}), { ...bare, ...copied, TagCount: 1 });
  t.deepEqual(await made("copy", { ...own, MetadataDirective: "COPY", TaggingDirective: "COPY" }), {
    ...bare,
    ...copied,
    TagCount: 1,
  });
  t.deepEqual(await made("tags", { ...own, TaggingDirective: "REPLACE" }), { ...bare, ...copied, TagCount: 2 });
  const replaced = { ContentType: "text/b", CacheControl: undefined, Metadata: { b: "2" } };
  t.deepEqual(await made("metadata", { ...own, MetadataDirective: "REPLACE" }), { ...bare, ...replaced, TagCount: 1 });
  t.deepEqual(await made("both", { ...own, MetadataDirective: "REPLACE", TaggingDirective: "REPLACE" }), {
    ...bare,
    ...replaced,
    TagCount: 2,
  });
  t.deepEqual(await made("none", { MetadataDirective: "REPLACE", TaggingDirective: "REPLACE" }), {
    ...bare,
    ContentType: "binary/octet-stream",
    CacheControl: undefined,
    Metadata: {},
  });
  t.like(await made("class", { StorageClass: "GLACIER_IR", WebsiteRedirectLocation: "/new" }), {
    ...copied,
    StorageClass: "GLACIER_IR",
    WebsiteRedirectLocation: "/new",
  });
});

for (const [title, headers, expected] of [
  ["metadata_directive", { "x-amz-metadata-directive": "KEEP" }, "400 InvalidArgument"],
  ["tagging_directive", { "x-amz-tagging-directive": "KEEP" }, "400 InvalidArgument"],
  ["storage_class", { "x-amz-storage-class": "COLD" }, "400 InvalidStorageClass"],
  ["tags", { "x-amz-tagging-directive": "REPLACE", "x-amz-tagging": "a=1&a=2" }, "400 InvalidArgument"],
  ["acl", { "x-amz-acl": "everyone" }, "400 InvalidArgument"],
  ["grant", { "x-amz-grant-read": "id=x" }, "400 InvalidArgument"],
  ["encryption", { "x-amz-server-side-encryption": "aws:kms:dsse" }, "501 NotImplemented"],
  [
    "source_encryption",
    { "x-amz-copy-source-server-side-encryption-customer-algorithm": "AES256" },
    "400 InvalidRequest",
  ],
  ["source_owner", { "x-amz-source-expected-bucket-owner": "999999999999" }, "403 AccessDenied"],
  ["owner", { "x-amz-expected-bucket-owner": "999999999999" }, "403 AccessDenied"],
  ["owner_that_is_none", { "x-amz-source-expected-bucket-owner": "me" }, "400 InvalidBucketOwnerAWSAccountID"],
] as [string, Record<string, string>, string][]) {
  test(`CopyObject_wrong_${title}_${expected.slice(0, 3)}`, async (t, stand) => {
    await source(stand);
    t.is(outcome(await copy(stand, headers)), expected);
    t.is(await refusal(head(stand, "to")), "404 NotFound");
  });
}

test("CopyObject_names_of_sources", async (t, stand) => {
  const { s3, bucket } = stand;
  const Key = "dir/ü +%2F?&=a";
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: "x" }));
  const encoded = encodeURIComponent(Key);
  for (const name of [
    `${bucket}/${encoded}`,
    `/${bucket}/${encoded}`,
    `/${bucket}/${encoded.replaceAll("%2F", "/").replace("dir/", "dir/")}`,
    encodeURIComponent(`${bucket}/`) + encodeURIComponent(encoded).replaceAll("%25", "%"),
  ])
    t.is(outcome(await copy(stand, {}, name)), "200", name);
  for (const [name, expected] of [
    [bucket, "400 InvalidArgument"],
    ["", "400 InvalidArgument"],
    ["/", "400 InvalidArgument"],
    [`${bucket}/`, "400 InvalidArgument"],
    [`/${bucket}//`, "404 NoSuchKey"],
    [`${bucket}/%zz`, "400 InvalidURI"],
    [`${bucket}/%ff`, "400 InvalidURI"],
    [`${bucket}/${"k".repeat(1025)}`, "400 KeyTooLongError"],
    [`${bucket}/from`, "404 NoSuchKey"],
    ["absent-bucket/k", "404 NoSuchBucket"],
    [`${bucket}/${encoded}?versionId=`, "400 InvalidArgument"],
    [`${bucket}/${encoded}?versionId=x`, "400 InvalidArgument"],
    ["arn:aws:s3:us-east-1:123456789012:accesspoint/a/object/k", "501 NotImplemented"],
  ] as const)
    t.is(outcome(await copy(stand, {}, name, "never")), expected, name);
  t.is(await refusal(head(stand, "never")), "404 NotFound");
});

test("CopyObject_onto_itself", async (t, stand) => {
  await source(stand, withMetadata);
  const onto = (headers: Record<string, string>) => copy(stand, headers, `/${stand.bucket}/from`, "from");
  t.is(outcome(await onto({})), "400 InvalidRequest");
  t.is(outcome(await onto({ "x-amz-metadata-directive": "COPY" })), "400 InvalidRequest");
  for (const headers of [
    { "x-amz-metadata-directive": "REPLACE" },
    { "x-amz-storage-class": "STANDARD" },
    { "x-amz-website-redirect-location": "/new" },
    { "x-amz-checksum-algorithm": "SHA256" },
  ])
    t.is(outcome(await onto(headers)), "200", JSON.stringify(headers));
});

test("CopyObject_versions_of_the_source", async (t, stand) => {
  const { s3, bucket } = stand;
  await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }));
  const put = (Body: string) => s3.send(new PutObjectCommand({ Bucket: bucket, Key: "from", Body }));
  const { VersionId: first, ETag } = await put("first");
  const { VersionId: second } = await put("second!");
  const newest = await s3.send(new CopyObjectCommand({ Bucket: bucket, Key: "to", CopySource: `${bucket}/from` }));
  t.is(newest.CopySourceVersionId, second);
  t.truthy(newest.VersionId);
  const CopySource = `${bucket}/from?versionId=${first}`;
  const back = await s3.send(new CopyObjectCommand({ Bucket: bucket, Key: "from", CopySource }));
  t.is(back.CopySourceVersionId, first);
  t.is((await head(stand, "from")).ETag, ETag);
  t.is((await head(stand, "from", second)).ContentLength, 7);
  const { VersionId: marker } = await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: "from" }));
  t.is(outcome(await copy(stand, {}, `${bucket}/from`, "never")), "404 NoSuchKey");
  t.is(outcome(await copy(stand, {}, `${bucket}/from?versionId=${marker}`, "never")), "400 InvalidRequest");
  t.is(outcome(await copy(stand, {}, CopySource, "old")), "200");
  t.is(await refusal(head(stand, "never")), "404 NotFound");
});

for (const [range, expected] of [
  ["bytes=0-9", "200"],
  ["bytes=9-9", "200"],
  ["bytes=0-10", "400 InvalidArgument"],
  ["bytes=5-4", "400 InvalidArgument"],
  ["bytes=5-", "400 InvalidArgument"],
  ["bytes=-5", "400 InvalidArgument"],
  ["bytes=0-1,3-4", "400 InvalidArgument"],
  ["0-5", "400 InvalidArgument"],
  ["", "400 InvalidArgument"],
] as const) {
  test(`UploadPartCopy_range_${range}_${expected.slice(0, 3)}`, async (t, stand) => {
    const { s3, bucket, signed } = stand;
    const other = `${bucket}-source`;
    await s3.send(new CreateBucketCommand({ Bucket: other }));
    await s3.send(new PutObjectCommand({ Bucket: other, Key: "from", Body: "0123456789" }));
    const place = { Bucket: bucket, Key: "to" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(place));
    const answer = await signed({
      method: "PUT",
      target: `/${bucket}/to?partNumber=7&uploadId=${UploadId}`,
      headers: { "x-amz-copy-source": `${other}/from`, "x-amz-copy-source-range": range },
    });
    t.is(outcome(answer), expected);
    const isForm = /^bytes=\d+-\d+$/.test(range);
    if (expected !== "200") t.is(element(answer, "Message")?.includes("must be of the form bytes=first-last"), !isForm);
    const { Parts = [] } = await s3.send(new ListPartsCommand({ ...place, UploadId }));
    t.is(Parts.length, expected === "200" ? 1 : 0);
  });
}
