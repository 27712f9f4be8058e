/** Lifecycle rules over HTTP, with a day of 1 s: configuration, headers, what expires and what stays. Source: AWS "Managing the lifecycle of objects". */

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketLifecycleCommand,
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type LifecycleRule,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { eachFront, outcome, refusal, type Stand } from "../support/each-front.ts";

const dayMs = 1000;
const test = eachFront({ settings: [`lifecycle.daySeconds=${dayMs / 1000}`, "metrics.open=true"] });

type At = Pick<Stand, "s3" | "bucket">;

const configure = ({ s3, bucket }: At, ...Rules: LifecycleRule[]) =>
  s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration: { Rules } }));
const configured = ({ s3, bucket }: At) => s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }));
const put = ({ s3, bucket }: At, Key: string, Tagging?: string) =>
  s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key, Tagging }));
const setVersioning = ({ s3, bucket }: At, Status: "Enabled" | "Suspended") =>
  s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status } }));

/** Every version, as `key`, `key marker` or, of one that is not the latest, `key old`. */
async function versionsOf({ s3, bucket }: At): Promise<string[]> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  const names = [
    ...Versions.map(({ Key, IsLatest }) => `${Key}${IsLatest ? "" : " old"}`),
    ...DeleteMarkers.map(({ Key, IsLatest }) => `${Key} marker${IsLatest ? "" : " old"}`),
  ];
  return names.sort();
}

/** Polls until it is so; the answer is what it was in the end. */
async function becomes<T>(read: () => Promise<T>, isRight: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const value = await read();
    if (isRight(value) || Date.now() > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const sameAs =
  (right: readonly string[]) =>
  (found: readonly string[]): boolean =>
    found.join() === right.join();

/** `expiry-date="…", rule-id="…"`, taken apart. */
function expirationOf(header: string | undefined): { atMs: number; rule: string } | null {
  const [, date, rule] = /^expiry-date="([^"]+)", rule-id="([^"]+)"$/.exec(header ?? "") ?? [];
  return date === undefined || rule === undefined ? null : { atMs: Date.parse(date), rule: decodeURIComponent(rule) };
}

test("CreateMultipartUpload_x_amz_abort_rule_id_of_any_text", async (t, stand) => {
  const { bucket, signed } = stand;
  for (const [id, header] of [
    ["all of it", "all of it"],
    ["a\u007fb", "a%7Fb"],
    ["a\r\nx-evil: 1", "a%0D%0Ax-evil%3A%201"],
    ["\u65e5\u672c", "%E6%97%A5%E6%9C%AC"],
    [" ends ", "%20ends%20"],
  ] as const) {
    const abort = { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1000 } };
    await configure(stand, { ID: id, Status: "Enabled", Filter: {}, ...abort });
    const answer = await signed({ method: "POST", target: `/${bucket}/k?uploads` });
    t.is(answer.status, 200, id);
    t.is(answer.headers["x-amz-abort-rule-id"], header);
    t.is(answer.headers["x-evil"], undefined);
  }
});

test("GetBucketLifecycleConfiguration_never_set_404", async (t, at) => {
  t.is(await refusal(configured(at)), "404 NoSuchLifecycleConfiguration");
});

test("PutBucketLifecycleConfiguration_is_given_back_and_DeleteBucketLifecycle_removes_it", async (t, at) => {
  const rules: LifecycleRule[] = [
    {
      ID: "everything",
      Status: "Disabled",
      Filter: {
        And: {
          Prefix: "a/",
          Tags: [
            { Key: "k", Value: "v" },
            { Key: "ü", Value: "" },
          ],
          ObjectSizeGreaterThan: 0,
          ObjectSizeLessThan: 1_000_000,
        },
      },
      Expiration: { Days: 400 },
      Transitions: [
        { Days: 30, StorageClass: "STANDARD_IA" },
        { Days: 365, StorageClass: "DEEP_ARCHIVE" },
      ],
      NoncurrentVersionTransitions: [{ NoncurrentDays: 1, StorageClass: "GLACIER", NewerNoncurrentVersions: 3 }],
      NoncurrentVersionExpiration: { NoncurrentDays: 100, NewerNoncurrentVersions: 5 },
    },
    { ID: "date", Status: "Enabled", Filter: { Prefix: "b/" }, Expiration: { Date: new Date("2090-01-02T00:00:00Z") } },
    {
      ID: "rest",
      Status: "Enabled",
      Filter: {},
      Expiration: { ExpiredObjectDeleteMarker: true },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    },
    { ID: "tag", Status: "Enabled", Filter: { Tag: { Key: "k", Value: "v" } }, Expiration: { Days: 4000 } },
  ];
  const { TransitionDefaultMinimumObjectSize: normal } = await configure(at, ...rules);
  t.is(normal, "all_storage_classes_128K");
  const answer = await configured(at);
  t.deepEqual(answer.Rules, rules);
  t.is(answer.TransitionDefaultMinimumObjectSize, "all_storage_classes_128K");
  const { s3, bucket: Bucket } = at;
  const LifecycleConfiguration = { Rules: rules.slice(0, 1) };
  const TransitionDefaultMinimumObjectSize = "varies_by_storage_class" as const;
  const command = { Bucket, LifecycleConfiguration, TransitionDefaultMinimumObjectSize };
  await s3.send(new PutBucketLifecycleConfigurationCommand(command));
  t.like(await configured(at), { TransitionDefaultMinimumObjectSize, Rules: rules.slice(0, 1) });
  for (let times = 0; times < 2; times++) {
    const { $metadata } = await s3.send(new DeleteBucketLifecycleCommand({ Bucket }));
    t.is($metadata.httpStatusCode, 204);
  }
  t.is(await refusal(configured(at)), "404 NoSuchLifecycleConfiguration");
});

test("PutBucketLifecycleConfiguration_wrong_documents_are_refused_and_the_old_one_stays", async (t, at) => {
  await configure(at, { ID: "old", Status: "Enabled", Filter: { Prefix: "x" }, Expiration: { Days: 1000 } });
  const rule = (inside: string) => `<Rule><Filter/><Status>Enabled</Status>${inside}</Rule>`;
  const wrong: readonly (readonly [body: string, outcome: string])[] = [
    [
      rule("<NoncurrentVersionExpiration><NoncurentDays>1</NoncurentDays></NoncurrentVersionExpiration>"),
      "400 MalformedXML",
    ],
    [rule("<Expiration><Days>1e99</Days></Expiration>"), "400 MalformedXML"],
    [rule("<Expiration><Days>NaN</Days></Expiration>"), "400 MalformedXML"],
    [rule("<Expiration><Days>-1</Days></Expiration>"), "400 InvalidArgument"],
    [rule("<Expiration><Date>2090-01-02T01:00:00Z</Date></Expiration>"), "400 InvalidArgument"],
    [rule(""), "400 InvalidRequest"],
    ["", "400 MalformedXML"],
  ];
  const target = `/${at.bucket}?lifecycle`;
  for (const [rules, expected] of wrong) {
    const body = `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rules}</LifecycleConfiguration>`;
    t.is(outcome(await at.signed({ method: "PUT", target, body })), expected, rules);
  }
  const foreign = `<LifecycleConfiguration xmlns="urn:other">${rule("<Expiration><Days>1</Days></Expiration>")}</LifecycleConfiguration>`;
  t.is(outcome(await at.signed({ method: "PUT", target, body: foreign })), "400 MalformedXML");
  t.is((await configured(at)).Rules?.[0]?.ID, "old");
});

test("PutBucketLifecycle_the_deprecated_document_with_its_own_Prefix", async (t, at) => {
  const body =
    "<LifecycleConfiguration><Rule><Prefix>old/</Prefix><Status>Enabled</Status><Expiration><Days>9000</Days></Expiration></Rule></LifecycleConfiguration>";
  t.is(outcome(await at.signed({ method: "PUT", target: `/${at.bucket}?lifecycle`, body })), "200");
  const [rule] = (await configured(at)).Rules ?? [];
  t.like(rule, { Prefix: "old/", Filter: undefined, Expiration: { Days: 9000 } });
  t.regex(rule?.ID ?? "", /./);
});

test("x_amz_expiration_on_writes_and_reads_names_the_rule_that_comes_first", async (t, at) => {
  const { s3, bucket: Bucket } = at;
  await configure(
    at,
    { ID: "slow", Status: "Enabled", Filter: { Prefix: "k" }, Expiration: { Days: 500 } },
    { ID: "rule for tags", Status: "Enabled", Filter: { Tag: { Key: "a", Value: "b" } }, Expiration: { Days: 300 } },
  );
  const before = Date.now();
  const written = expirationOf((await put(at, "k1")).Expiration);
  t.is(written?.rule, "slow");
  t.true((written?.atMs ?? 0) >= before + 500 * dayMs - dayMs && (written?.atMs ?? 0) <= Date.now() + 501 * dayMs);
  t.is((written?.atMs ?? 1) % dayMs, 0);
  t.is(expirationOf((await put(at, "k2", "a=b")).Expiration)?.rule, "rule for tags");
  t.is((await put(at, "other")).Expiration, undefined);
  for (const command of [new HeadObjectCommand({ Bucket, Key: "k1" }), new GetObjectCommand({ Bucket, Key: "k1" })]) {
    const answer = await s3.send(command as HeadObjectCommand);
    t.deepEqual(expirationOf(answer.Expiration), written);
  }
  t.is((await s3.send(new HeadObjectCommand({ Bucket, Key: "other" }))).Expiration, undefined);
  const copied = await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/k2` }));
  t.is(expirationOf(copied.Expiration)?.rule, "rule for tags");
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "parts", Tagging: "a=b" }));
  const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key: "parts", UploadId, PartNumber: 1, Body: "x" }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  const completed = await s3.send(
    new CompleteMultipartUploadCommand({ Bucket, Key: "parts", UploadId, MultipartUpload }),
  );
  t.is(expirationOf(completed.Expiration)?.rule, "rule for tags");
});

test("x_amz_abort_date_on_CreateMultipartUpload_and_ListParts", async (t, at) => {
  const { s3, bucket: Bucket } = at;
  const abort = { DaysAfterInitiation: 700 };
  await configure(at, { ID: "up", Status: "Enabled", Filter: { Prefix: "u" }, AbortIncompleteMultipartUpload: abort });
  const created = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "u" }));
  t.is(created.AbortRuleId, "up");
  const atMs = created.AbortDate?.getTime() ?? 0;
  t.true(Math.abs(atMs - Date.now() - 700 * dayMs) < 60_000);
  const { UploadId } = created;
  const listed = await s3.send(new ListPartsCommand({ Bucket, Key: "u", UploadId }));
  t.like(listed, { AbortRuleId: "up" });
  t.is(listed.AbortDate?.getTime(), atMs);
  await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: "u", UploadId }));
  t.is((await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "v" }))).AbortDate, undefined);
});

test("Lifecycle_versioning_never_set_removes_what_a_rule_is_for_and_nothing_else", async (t, at) => {
  await Promise.all(["a/1", "a/2", "b/1"].map((key) => put(at, key)));
  await put(at, "c/tagged", "keep=no");
  await put(at, "c/other", "keep=yes");
  await configure(
    at,
    { Status: "Enabled", Filter: { Prefix: "a/" }, Expiration: { Days: 1 } },
    { Status: "Enabled", Filter: { Tag: { Key: "keep", Value: "no" } }, Expiration: { Days: 1 } },
    { Status: "Enabled", Filter: { ObjectSizeGreaterThan: 1000 }, Expiration: { Days: 1 } },
    { Status: "Disabled", Filter: { Prefix: "b/" }, Expiration: { Days: 1 } },
  );
  const right = ["b/1", "c/other"];
  t.deepEqual(await becomes(() => versionsOf(at), sameAs(right)), right);
});

test("Lifecycle_versioning_enabled_puts_a_delete_marker_and_expires_noncurrent_versions", async (t, at) => {
  await setVersioning(at, "Enabled");
  await put(at, "current");
  for (let times = 0; times < 4; times++) await put(at, "history/k");
  const expire: LifecycleRule = { Status: "Enabled", Filter: { Prefix: "cur" }, Expiration: { Days: 1 } };
  const noncurrent = { NoncurrentDays: 1, NewerNoncurrentVersions: 2 };
  const keep: LifecycleRule = {
    Status: "Enabled",
    Filter: { Prefix: "history/" },
    NoncurrentVersionExpiration: noncurrent,
  };
  await configure(at, expire, keep);
  const right = ["current marker", "current old", "history/k", "history/k old", "history/k old"];
  t.deepEqual(await becomes(() => versionsOf(at), sameAs(right)), right);
});

test("Lifecycle_versioning_suspended_replaces_the_null_version_by_a_null_marker", async (t, at) => {
  await setVersioning(at, "Enabled");
  await put(at, "k");
  await setVersioning(at, "Suspended");
  await put(at, "k");
  await configure(at, { Status: "Enabled", Filter: {}, Expiration: { Days: 1 } });
  const right = ["k marker", "k old"];
  t.deepEqual(await becomes(() => versionsOf(at), sameAs(right)), right);
  const { DeleteMarkers = [] } = await at.s3.send(new ListObjectVersionsCommand({ Bucket: at.bucket }));
  t.is(DeleteMarkers[0]?.VersionId, "null");
});

test("Lifecycle_expired_object_delete_markers_go_when_nothing_is_below_them", async (t, at) => {
  const { s3, bucket: Bucket } = at;
  await setVersioning(at, "Enabled");
  await put(at, "kept");
  for (const Key of ["alone", "kept"]) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  await configure(at, { Status: "Enabled", Filter: {}, Expiration: { ExpiredObjectDeleteMarker: true } });
  const right = ["kept marker", "kept old"];
  t.deepEqual(await becomes(() => versionsOf(at), sameAs(right)), right);
});

test("Lifecycle_incomplete_multipart_uploads_are_aborted_and_counted", async (t, at) => {
  const { s3, bucket: Bucket } = at;
  for (const Key of ["a/1", "a/2", "b/1"]) await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const abort = { DaysAfterInitiation: 1 };
  await configure(at, { Status: "Enabled", Filter: { Prefix: "a/" }, AbortIncompleteMultipartUpload: abort });
  const open = async () =>
    ((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? []).map(({ Key = "" }) => Key);
  t.deepEqual(await becomes(open, sameAs(["b/1"])), ["b/1"]);
  const metrics = async () => (await fetch(`${at.consoleEndpoint}/metrics`)).text();
  const valueIn = (text: string, name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  const removed = 'troupe_lifecycle_removed\\{action="abort_upload"\\}';
  const text = await becomes(
    metrics,
    (found) => valueIn(found, removed) >= 2 && valueIn(found, "troupe_lifecycle_passes") >= 1,
  );
  t.true(valueIn(text, removed) >= 2);
  t.true(valueIn(text, "troupe_lifecycle_passes") >= 1);
  t.true(valueIn(text, "troupe_lifecycle_last_pass_age_seconds") >= 0);
});

test("Lifecycle_a_configuration_that_was_removed_removes_nothing", async (t, at) => {
  await configure(at, { Status: "Enabled", Filter: { Prefix: "gone" }, Expiration: { Days: 1 } });
  await at.s3.send(new DeleteBucketLifecycleCommand({ Bucket: at.bucket }));
  await put(at, "gone");
  const other = { s3: at.s3, bucket: `${at.bucket}-other` };
  await at.signed({ method: "PUT", target: `/${other.bucket}` });
  await configure(other, { Status: "Enabled", Filter: {}, Expiration: { Days: 1 } });
  await put(other, "gone");
  t.deepEqual(await becomes(() => versionsOf(other), sameAs([])), []);
  t.deepEqual(await versionsOf(at), ["gone"]);
});
