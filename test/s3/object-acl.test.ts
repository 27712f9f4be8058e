/** Access control lists of objects over HTTP: canned, by header and by document, of versions and copies, and what is wrong with them. */

import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  type ObjectCannedACL,
  PutBucketVersioningCommand,
  type PutObjectAclCommandInput,
  type PutObjectCommandInput,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import {
  aclTest,
  canned,
  crowd,
  full,
  fullOfOwner,
  ofObject,
  ofObjects,
  other,
  owner,
  policy,
  put,
  putObjectAcl,
  readOfOther,
  uris,
} from "../support/acl.ts";
import { refusal } from "../support/each-front.ts";

const test = aclTest();

test("GetObjectAcl_object_without_ACL_is_its_owners", async (t, at) => {
  await put(at);
  t.is(await ofObject(at), full);
});

test("PutObject_ACL_canned", async (t, at) => {
  for (const ACL of ofObjects) {
    await put(at, { ACL });
    t.is(await ofObject(at), canned[ACL], ACL);
  }
});

test("PutObject_ACL_by_header", async (t, at) => {
  await put(at, { GrantRead: `uri="${uris["AllUsers"]}"`, GrantFullControl: `id="${owner.ID}",id=${other.ID}` });
  t.is(await ofObject(at), `${full}, other FULL_CONTROL, AllUsers READ`);
});

test("PutObject_with_as_many_grants_as_there_may_be", async (t, at) => {
  const list = crowd.map(({ ID }) => `id=${ID}`).join(",");
  const all = { GrantRead: list, GrantReadACP: list, GrantWriteACP: list, GrantFullControl: list };
  await put(at, all);
  const { Grants = [] } = await at.s3.send(new GetObjectAclCommand({ Bucket: at.bucket, Key: "k" }));
  t.is(Grants.length, 100);
  t.true(Grants.every(({ Grantee }, index) => Grantee?.ID === crowd[index % crowd.length]?.ID));
  await put(at, {}, "small");
  await putObjectAcl(at, { AccessControlPolicy: { Owner: owner, Grants } }, "small");
  t.deepEqual((await at.s3.send(new GetObjectAclCommand({ Bucket: at.bucket, Key: "small" }))).Grants, Grants);
  t.is(await refusal(put(at, { ...all, GrantRead: `${list},id=${owner.ID}` })), "400 MalformedACLError");
  const { Body } = await at.s3.send(new GetObjectCommand({ Bucket: at.bucket, Key: "k" }));
  t.is(await Body?.transformToString(), "body");
});

test("PutObject_wrong_ACL_is_refused_and_stores_nothing", async (t, at) => {
  const cases: readonly (readonly [input: Omit<PutObjectCommandInput, "Bucket" | "Key">, code: string])[] = [
    [{ ACL: "everybody" as ObjectCannedACL }, "400 InvalidArgument"],
    [{ ACL: "log-delivery-write" as ObjectCannedACL }, "400 InvalidArgument"],
    [{ ACL: "private", GrantRead: `id=${other.ID}` }, "400 InvalidRequest"],
    [{ GrantRead: "id=nobody" }, "400 InvalidArgument"],
    [{ GrantRead: "emailAddress=nobody@example.com" }, "400 UnresolvableGrantByEmailAddress"],
  ];
  for (const [input, code] of cases) t.is(await refusal(put(at, input)), code, JSON.stringify(input));
  t.is(await refusal(ofObject(at)), "404 NoSuchKey");
});

test("PutObject_over_an_object_forgets_its_ACL", async (t, at) => {
  await put(at, { ACL: "public-read" });
  await put(at);
  t.is(await ofObject(at), full);
});

test("CopyObject_does_not_copy_the_ACL", async (t, at) => {
  const { s3, bucket: Bucket } = at;
  await put(at, { ACL: "public-read" });
  await s3.send(new CopyObjectCommand({ Bucket, Key: "plain", CopySource: `${Bucket}/k` }));
  t.is(await ofObject(at, "plain"), full);
  await s3.send(
    new CopyObjectCommand({ Bucket, Key: "read", CopySource: `${Bucket}/plain`, ACL: "authenticated-read" }),
  );
  t.is(await ofObject(at, "read"), canned["authenticated-read"]);
});

test("CreateMultipartUpload_ACL_is_the_objects", async (t, at) => {
  const { s3, bucket: Bucket } = at;
  const grants = { GrantRead: `id=${other.ID}`, GrantFullControl: `id=${owner.ID}` };
  for (const [Key, input, expected] of [
    ["canned", { ACL: "public-read" }, canned["public-read"]],
    ["granted", grants, `${full}, other READ`],
    ["plain", {}, full],
  ] as const) {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...input }));
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: "part" }));
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
    t.is(await ofObject(at, Key), expected, Key);
  }
});

test("PutObjectAcl_canned_headers_and_document", async (t, at) => {
  await put(at, { ContentType: "text/x", Metadata: { a: "b" } });
  for (const ACL of ofObjects) {
    await putObjectAcl(at, { ACL });
    t.is(await ofObject(at), canned[ACL], ACL);
  }
  await putObjectAcl(at, { GrantRead: `id=${other.ID}`, GrantWriteACP: `id=${other.ID}` });
  t.is(await ofObject(at), "other READ, other WRITE_ACP");
  await putObjectAcl(at, { AccessControlPolicy: policy(fullOfOwner, readOfOther) });
  t.is(await ofObject(at), `${full}, other READ`);
  const { ContentType, Metadata, Body } = await at.s3.send(new GetObjectCommand({ Bucket: at.bucket, Key: "k" }));
  t.deepEqual([ContentType, Metadata, await Body?.transformToString()], ["text/x", { a: "b" }, "body"]);
});

test("PutObjectAcl_wrong_input_is_refused_and_the_old_ACL_stays", async (t, at) => {
  await put(at, { ACL: "public-read" });
  const cases: readonly (readonly [input: Omit<PutObjectAclCommandInput, "Bucket" | "Key">, code: string])[] = [
    [{}, "400 MissingSecurityHeader"],
    [{ ACL: "everybody" as ObjectCannedACL }, "400 InvalidArgument"],
    [{ ACL: "private", GrantRead: `id=${other.ID}` }, "400 InvalidRequest"],
    [{ ACL: "private", AccessControlPolicy: policy(fullOfOwner) }, "400 UnexpectedContent"],
    [{ GrantRead: "id=nobody" }, "400 InvalidArgument"],
    [{ AccessControlPolicy: { Owner: other, Grants: [fullOfOwner] } }, "403 AccessDenied"],
    [{ AccessControlPolicy: { Grants: [fullOfOwner] } }, "400 MalformedACLError"],
    [{ ACL: "private", VersionId: "no version" }, "400 InvalidArgument"],
    [{ ACL: "private", VersionId: "0".repeat(26) }, "404 NoSuchVersion"],
  ];
  for (const [input, code] of cases) t.is(await refusal(putObjectAcl(at, input)), code, JSON.stringify(input));
  t.is(await refusal(putObjectAcl(at, { ACL: "private" }, "absent")), "404 NoSuchKey");
  t.is(await refusal(ofObject(at, "absent")), "404 NoSuchKey");
  t.is(await refusal(ofObject(at, "k", "0".repeat(26))), "404 NoSuchVersion");
  t.is(await ofObject(at), canned["public-read"]);
});

test("PutObjectAcl_of_a_version_leaves_the_others", async (t, at) => {
  const { s3, bucket: Bucket } = at;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  const { VersionId: first } = await put(at, { ACL: "public-read" });
  const { VersionId: second } = await put(at);
  await putObjectAcl(at, { ACL: "authenticated-read", VersionId: first });
  t.is(await ofObject(at, "k", first), canned["authenticated-read"]);
  t.is(await ofObject(at, "k", second), full);
  await putObjectAcl(at, { ACL: "public-read" });
  t.is(await ofObject(at, "k", first), canned["authenticated-read"]);
  t.is(await ofObject(at, "k", second), canned["public-read"]);
  const { VersionId: marker } = await s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
  t.is(await refusal(ofObject(at)), "404 NoSuchKey");
  t.is(await refusal(putObjectAcl(at, { ACL: "private" })), "404 NoSuchKey");
  t.is(await refusal(ofObject(at, "k", marker)), "405 MethodNotAllowed");
  t.is(await refusal(putObjectAcl(at, { ACL: "private", VersionId: marker })), "405 MethodNotAllowed");
  t.is(await ofObject(at, "k", second), canned["public-read"]);
});
