/** Versioning over HTTP: versions and delete markers as AWS's SDK sees them, null versions, wrong inputs. */

import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  HeadObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { eachFront, element, outcome, refusal, someBytes } from "../support/each-front.ts";
import { keysOf, put, remove, setVersioning, textOf, unknownVersion } from "../support/versions.ts";

const test = eachFront();

test("GetBucketVersioning_follows_PutBucketVersioning", async (t, at) => {
  const state = async () => (await at.s3.send(new GetBucketVersioningCommand({ Bucket: at.bucket }))).Status;
  t.is(await state(), undefined);
  for (const status of ["Suspended", "Enabled", "Enabled", "Suspended", "Enabled"] as const) {
    await setVersioning(at, status);
    t.is(await state(), status);
  }
});

test("PutObject_versioning_enabled_keeps_every_version", async (t, at) => {
  const { s3, bucket } = at;
  t.is((await put(at, "before")).VersionId, undefined);
  t.is((await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "k" }))).VersionId, undefined);
  await setVersioning(at, "Enabled");
  t.is((await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "k" }))).VersionId, "null");
  const { VersionId: first } = await put(at, "first");
  const { VersionId: second } = await put(at, someBytes(100_000));
  t.regex(first ?? "", /^[0-9a-v]{26}$/);
  t.not(first, second);
  t.is(await textOf(at, "null"), "before");
  t.is(await textOf(at, first), "first");
  const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "k" }));
  t.like(head, { VersionId: second, ContentLength: 100_000 });
  const attributes = new GetObjectAttributesCommand({
    Bucket: bucket,
    Key: "k",
    VersionId: first,
    ObjectAttributes: ["ObjectSize"],
  });
  t.like(await s3.send(attributes), { VersionId: first, ObjectSize: 5 });
  t.deepEqual(await keysOf(s3, bucket), ["k"]);
});

test("DeleteObject_versioning_enabled_makes_a_marker_and_its_removal_brings_the_object_back", async (t, at) => {
  const { s3, bucket, signed } = at;
  await setVersioning(at, "Enabled");
  const { VersionId: first } = await put(at, "first");
  const marker = await remove(at);
  t.is(marker.DeleteMarker, true);
  t.regex(marker.VersionId ?? "", /^[0-9a-v]{26}$/);
  t.is(marker.$metadata.httpStatusCode, 204);
  t.deepEqual(await keysOf(s3, bucket), []);

  const hidden = await signed({ method: "GET", target: `/${bucket}/k` });
  t.is(outcome(hidden), "404 NoSuchKey");
  t.like(hidden.headers, { "x-amz-delete-marker": "true", "x-amz-version-id": marker.VersionId });
  const head = await signed({ method: "HEAD", target: `/${bucket}/k` });
  t.is(head.status, 404);
  t.is(head.headers["x-amz-delete-marker"], "true");

  const named = await signed({ method: "GET", target: `/${bucket}/k?versionId=${marker.VersionId}` });
  t.is(outcome(named), "405 MethodNotAllowed");
  t.like(named.headers, { "x-amz-delete-marker": "true", "x-amz-version-id": marker.VersionId, allow: "DELETE" });
  t.truthy(named.headers["last-modified"]);
  t.is(element(named, "ResourceType"), "DeleteMarker");
  const namedHead = await signed({ method: "HEAD", target: `/${bucket}/k?versionId=${marker.VersionId}` });
  t.is(namedHead.status, 405);
  t.like(namedHead.headers, { "x-amz-delete-marker": "true", allow: "DELETE" });
  t.is(await textOf(at, first), "first");

  const second = await remove(at);
  t.not(second.VersionId, marker.VersionId);
  t.like(await remove(at, second.VersionId), { DeleteMarker: true, VersionId: second.VersionId });
  t.is(await textOf(at), "404 NoSuchKey");
  t.like(await remove(at, marker.VersionId), { DeleteMarker: true, VersionId: marker.VersionId });
  t.is(await textOf(at), "first");
  t.deepEqual(await keysOf(s3, bucket), ["k"]);
});

test("DeleteObject_of_a_version_removes_it_alone", async (t, at) => {
  await setVersioning(at, "Enabled");
  const ids: string[] = [];
  for (const text of ["1", "2", "3"]) ids.push((await put(at, text)).VersionId ?? "");
  const [first, second, third] = ids;
  const gone = await remove(at, second);
  t.like(gone, { VersionId: second, DeleteMarker: undefined });
  t.is(await textOf(at, second), "404 NoSuchVersion");
  t.is(await textOf(at), "3");
  await remove(at, third);
  t.is(await textOf(at), "1");
  t.like(await remove(at, third), { VersionId: third, DeleteMarker: undefined });
  await remove(at, first);
  const { headers, ...answer } = await at.signed({ method: "GET", target: `/${at.bucket}/k` });
  t.is(outcome({ headers, ...answer }), "404 NoSuchKey");
  t.is(headers["x-amz-delete-marker"], undefined);
});

test("DeleteObject_versioning_enabled_of_an_absent_key_makes_a_marker", async (t, at) => {
  await setVersioning(at, "Enabled");
  t.is((await remove(at)).DeleteMarker, true);
  t.is(await refusal(at.s3.send(new DeleteBucketCommand({ Bucket: at.bucket }))), "409 BucketNotEmpty");
});

test("PutObject_versioning_suspended_replaces_the_null_version_wherever_it_stands", async (t, at) => {
  await put(at, "null 1");
  await setVersioning(at, "Enabled");
  const { VersionId: kept } = await put(at, "kept");
  await setVersioning(at, "Suspended");
  const { headers } = await at.signed({ method: "PUT", target: `/${at.bucket}/k`, body: "null 2" });
  t.is(headers["x-amz-version-id"], undefined, "as AWS answers");
  t.is(await textOf(at), "null 2");
  t.is(await textOf(at, "null"), "null 2");
  t.is(await textOf(at, kept), "kept");
  t.is((await at.s3.send(new HeadObjectCommand({ Bucket: at.bucket, Key: "k" }))).VersionId, "null");
  await remove(at, "null");
  t.is(await textOf(at), "kept");
  t.is(await textOf(at, "null"), "404 NoSuchVersion");
});

test("DeleteObject_versioning_suspended_makes_a_null_marker", async (t, at) => {
  await setVersioning(at, "Enabled");
  const { VersionId: kept } = await put(at, "kept");
  await setVersioning(at, "Suspended");
  await put(at, "gone");
  t.like(await remove(at), { DeleteMarker: true, VersionId: "null" });
  t.like(await remove(at), { DeleteMarker: true, VersionId: "null" });
  t.is(await textOf(at), "404 NoSuchKey");
  t.is(await textOf(at, "null"), "405 MethodNotAllowed");
  t.is(await textOf(at, kept), "kept");
  t.like(await remove(at, "null"), { DeleteMarker: true, VersionId: "null" });
  t.is(await textOf(at), "kept");
});

test("DeleteObjects_reports_markers_and_versions", async (t, at) => {
  const { s3, bucket } = at;
  await setVersioning(at, "Enabled");
  const { VersionId: old } = await put(at, "old", "a");
  await put(at, "new", "a");
  const { VersionId: marker } = await remove(at, undefined, "b");
  const Objects = [
    { Key: "a", VersionId: old },
    { Key: "b", VersionId: marker },
    { Key: "a" },
    { Key: "never" },
    { Key: "a", VersionId: unknownVersion },
    { Key: "a", VersionId: "abc" },
    { Key: "a", VersionId: "null" },
  ];
  const { Deleted = [], Errors } = await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
  t.is(Deleted.length, 6);
  t.deepEqual(Deleted[0], { Key: "a", VersionId: old });
  t.deepEqual(Deleted[1], { Key: "b", VersionId: marker, DeleteMarker: true, DeleteMarkerVersionId: marker });
  t.like(Deleted[2], { Key: "a", DeleteMarker: true, VersionId: undefined });
  t.regex(Deleted[2]?.DeleteMarkerVersionId ?? "", /^[0-9a-v]{26}$/);
  t.like(Deleted[3], { Key: "never", DeleteMarker: true });
  t.deepEqual(Deleted[4], { Key: "a", VersionId: unknownVersion });
  t.deepEqual(Deleted[5], { Key: "a", VersionId: "null" });
  t.like(Errors?.[0], { Key: "a", VersionId: "abc", Code: "NoSuchVersion" });
  t.is(await textOf(at, undefined, "a"), "404 NoSuchKey");
});

test("CopyObject_brings_an_older_version_back", async (t, at) => {
  const { s3, bucket } = at;
  await setVersioning(at, "Enabled");
  const { VersionId: old } = await put(at, "old");
  await put(at, "new");
  const copy = (CopySource: string) => s3.send(new CopyObjectCommand({ Bucket: bucket, Key: "k", CopySource }));
  const copied = await copy(`${bucket}/k?versionId=${old}`);
  t.is(copied.CopySourceVersionId, old);
  t.truthy(copied.VersionId);
  t.not(copied.VersionId, old);
  t.is(await textOf(at), "old");
  const { VersionId: marker } = await remove(at);
  t.is(await refusal(copy(`${bucket}/k`)), "404 NoSuchKey");
  t.is(await refusal(copy(`${bucket}/k?versionId=${marker}`)), "400 InvalidRequest");
  t.is(await refusal(copy(`${bucket}/k?versionId=${unknownVersion}`)), "404 NoSuchVersion");
  t.is(await refusal(copy(`${bucket}/k?versionId=abc`)), "400 InvalidArgument");
});

test("CompleteMultipartUpload_makes_a_version_of_versions", async (t, at) => {
  const { s3, bucket } = at;
  await setVersioning(at, "Enabled");
  const { VersionId: source } = await put(at, "source", "source");
  await put(at, "newer", "source");
  const { VersionId: before } = await put(at, "before");
  const upload = { Bucket: bucket, Key: "k" };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(upload));
  const first = await s3.send(
    new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: someBytes(5 * 1024 * 1024) }),
  );
  const second = await s3.send(
    new UploadPartCopyCommand({
      ...upload,
      UploadId,
      PartNumber: 2,
      CopySource: `${bucket}/source?versionId=${source}`,
    }),
  );
  t.is(second.CopySourceVersionId, source);
  const Parts = [
    { PartNumber: 1, ETag: first.ETag, ChecksumCRC32: first.ChecksumCRC32 },
    { PartNumber: 2, ETag: second.CopyPartResult?.ETag, ChecksumCRC32: second.CopyPartResult?.ChecksumCRC32 },
  ];
  const complete = () =>
    s3.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }));
  const { VersionId } = await complete();
  t.regex(VersionId ?? "", /^[0-9a-v]{26}$/);
  t.is((await complete()).VersionId, VersionId, "a repeat makes no other version");
  const whole = await textOf(at, VersionId);
  t.is(whole.slice(-6), "source");
  await put(at, "after");
  t.is(await textOf(at, before), "before");
  const part = await s3.send(new HeadObjectCommand({ ...upload, VersionId, PartNumber: 2 }));
  t.like(part, { ContentLength: 6, PartsCount: 2, VersionId });
});

test("Versions_named_in_a_bucket_that_was_never_versioned", async (t, at) => {
  await put(at, "x");
  t.is(await textOf(at, "null"), "x");
  t.is(await textOf(at, unknownVersion), "404 NoSuchVersion");
  t.like(await remove(at, unknownVersion), { VersionId: unknownVersion });
  t.is(await textOf(at), "x");
  t.like(await remove(at, "null"), { VersionId: "null", DeleteMarker: undefined });
  t.is(await textOf(at), "404 NoSuchKey");
  t.like(await remove(at), { VersionId: undefined, DeleteMarker: undefined });
  t.is(await refusal(at.s3.send(new DeleteBucketCommand({ Bucket: at.bucket }))), "no error");
});

test("DeleteBucket_with_nothing_but_versions_or_markers_409", async (t, at) => {
  const { s3, bucket } = at;
  const removeBucket = () => refusal(s3.send(new DeleteBucketCommand({ Bucket: bucket })));
  await setVersioning(at, "Enabled");
  const { VersionId: version } = await put(at, "x");
  const { VersionId: marker } = await remove(at);
  t.is(await removeBucket(), "409 BucketNotEmpty");
  await remove(at, version);
  t.is(await removeBucket(), "409 BucketNotEmpty");
  await remove(at, marker);
  t.is(await removeBucket(), "no error");
});

test("GetObject_version_id_malformed_400", async (t, { bucket, signed }) => {
  for (const method of ["GET", "HEAD", "DELETE"]) {
    for (const id of ["", "abc", "0".repeat(25), "0".repeat(27), "NULL", "w".repeat(26), "..%2Fk", "0%20"]) {
      const answer = await signed({ method, target: `/${bucket}/k?versionId=${id}` });
      t.is(answer.status, 400, `${method} ${id}`);
      if (method !== "HEAD") t.is(outcome(answer), "400 InvalidArgument", `${method} ${id}`);
    }
  }
  const attributes = await signed({
    method: "GET",
    target: `/${bucket}/k?attributes&versionId=abc`,
    headers: { "x-amz-object-attributes": "ETag" },
  });
  t.is(outcome(attributes), "400 InvalidArgument");
});

test("Operations_that_take_no_version_id_refuse_one_400", async (t, { bucket, signed }) => {
  const source = { "x-amz-copy-source": `${bucket}/k` };
  for (const id of ["null", "abc", unknownVersion]) {
    const at = `/${bucket}/k?versionId=${id}`;
    for (const [method, target, headers] of [
      ["PUT", at, {}],
      ["PUT", at, source],
      ["POST", `${at}&uploads`, {}],
      ["PUT", `${at}&uploadId=x&partNumber=1`, {}],
      ["GET", `${at}&uploadId=x`, {}],
    ] as const) {
      const answer = await signed({ method, target, headers });
      t.is(outcome(answer), "400 InvalidArgument", `${method} ${target}`);
      t.is(element(answer, "Message"), "This operation does not accept a version-id.");
    }
  }
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}/k` })), "404 NoSuchKey", "nothing is stored");
});

test("PutBucketVersioning_wrong_inputs", async (t, at) => {
  const { bucket, signed, s3 } = at;
  const ask = async (body: string, headers = {}) =>
    outcome(await signed({ method: "PUT", target: `/${bucket}?versioning`, body, headers }));
  const configuration = (inner: string) => `<VersioningConfiguration>${inner}</VersioningConfiguration>`;
  t.is(await ask(""), "400 MissingRequestBodyError");
  t.is(await ask("<"), "400 MalformedXML");
  t.is(await ask("<Other/>"), "400 MalformedXML");
  for (const inner of ["", "<Status/>", "<Status></Status>", "<MfaDelete>Disabled</MfaDelete>"])
    t.is(await ask(configuration(inner)), "400 IllegalVersioningConfigurationException", inner);
  for (const status of ["Off", "Disabled", "enabled", "ENABLED"])
    t.is(await ask(configuration(`<Status>${status}</Status>`)), "400 MalformedXML", status);
  const enabled = "<Status>Enabled</Status>";
  t.is(await ask(configuration(`${enabled}<MfaDelete>Enabled</MfaDelete>`)), "501 NotImplemented");
  t.is(await ask(configuration(`${enabled}<MfaDelete>disabled</MfaDelete>`)), "400 MalformedXML");
  t.is(await ask(configuration(`${enabled}${enabled}`)), "400 MalformedXML");
  t.is(await ask(configuration(`${enabled}<Unknown/>`)), "400 MalformedXML");
  t.is(await ask(configuration(enabled), { "content-md5": "XUFAKrxLKna5cZ2REBfFkg==" }), "400 BadDigest");
  t.is((await s3.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status, undefined, "nothing is stored");
  t.is(await ask(configuration(`${enabled}<MfaDelete/>`)), "200");
  t.is((await s3.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status, "Enabled");
  const absent = await signed({ method: "GET", target: "/no-such-bucket?versioning" });
  t.is(outcome(absent), "404 NoSuchBucket");
});
