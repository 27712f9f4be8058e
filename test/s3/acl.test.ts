/** Access control lists over HTTP: of buckets and objects, canned, by header and by document, and what is wrong with them. */

import {
  type AccessControlPolicy,
  type BucketCannedACL,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketAclCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  type Grant,
  type ObjectCannedACL,
  PutBucketAclCommand,
  type PutBucketAclCommandInput,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  type PutObjectAclCommandInput,
  PutObjectCommand,
  type PutObjectCommandInput,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { eachFront, outcome, refusal, type Stand } from "../support/each-front.ts";
import { testKeys } from "../support/node-process.ts";

const owner = { ID: "a".repeat(64), DisplayName: "the owner" };
const other = { ID: "b".repeat(64), DisplayName: "another & more" };

const account = (accountId: string, kind: string, { ID, DisplayName }: typeof owner, keys: object[]) => ({
  accountId,
  canonicalId: ID,
  displayName: DisplayName,
  kind,
  root: { email: `Root@${accountId}.example.com`, keys },
});

const makerKeys = { accessKeyId: "AKACLMAKER0000001", secretAccessKey: "who-makes-buckets-and-no-more" };
const maker = {
  name: "maker",
  email: "maker@example.com",
  role: "user",
  policies: [{ Version: "2012-10-17", Statement: { Effect: "Allow", Action: "s3:CreateBucket", Resource: "*" } }],
  keys: [makerKeys],
};

/** As many as give an ACL all the grants that it may have, four each. */
const crowd = Array.from({ length: 25 }, (_, index) => ({
  ID: String(index).padStart(64, "0"),
  DisplayName: `c${index}`,
}));

const test = eachFront({
  identities: {
    accounts: [
      { ...account("100000000000", "operator", owner, [testKeys]), users: [maker] },
      ...crowd.map((each, index) => account(String(500000000000 + index), "customer", each, [])),
      account("200000000000", "customer", other, []),
      { ...account("300000000000", "customer", { ID: "c", DisplayName: "c" }, []), root: { email: "two@example.com" } },
      { ...account("400000000000", "customer", { ID: "d", DisplayName: "d" }, []), root: { email: "two@example.com" } },
    ],
  },
});

type At = Pick<Stand, "s3" | "bucket">;

const global = "http://acs.amazonaws.com/groups/global";
const uris: Readonly<Record<string, string>> = {
  AllUsers: `${global}/AllUsers`,
  AuthenticatedUsers: `${global}/AuthenticatedUsers`,
  LogDelivery: "http://acs.amazonaws.com/groups/s3/LogDelivery",
};

const nameOf = ({ Grantee }: Grant): string => {
  if (Grantee?.Type === "Group") {
    return Object.keys(uris).find((name) => uris[name] === Grantee.URI) ?? `unknown group ${Grantee.URI}`;
  }
  const known = [owner, other].find(({ ID, DisplayName }) => Grantee?.ID === ID && Grantee.DisplayName === DisplayName);
  return known === undefined ? `unknown user ${Grantee?.ID}` : known === owner ? "owner" : "other";
};

const shown = (grants: Grant[] | undefined): string =>
  (grants ?? []).map((grant) => `${nameOf(grant)} ${grant.Permission}`).join(", ");

const ofBucket = async ({ s3, bucket: Bucket }: At): Promise<string> => {
  const { Owner, Grants } = await s3.send(new GetBucketAclCommand({ Bucket }));
  return Owner?.ID === owner.ID && Owner.DisplayName === owner.DisplayName ? shown(Grants) : `owner ${Owner?.ID}`;
};

const ofObject = async ({ s3, bucket: Bucket }: At, Key = "k", VersionId?: string): Promise<string> => {
  const { Owner, Grants } = await s3.send(new GetObjectAclCommand({ Bucket, Key, VersionId }));
  return Owner?.ID === owner.ID && Owner.DisplayName === owner.DisplayName ? shown(Grants) : `owner ${Owner?.ID}`;
};

const putBucketAcl = ({ s3, bucket: Bucket }: At, input: Omit<PutBucketAclCommandInput, "Bucket">) =>
  s3.send(new PutBucketAclCommand({ Bucket, ...input }));

const putObjectAcl = ({ s3, bucket: Bucket }: At, input: Omit<PutObjectAclCommandInput, "Bucket" | "Key">, Key = "k") =>
  s3.send(new PutObjectAclCommand({ Bucket, Key, ...input }));

const put = ({ s3, bucket: Bucket }: At, input: Omit<PutObjectCommandInput, "Bucket" | "Key"> = {}, Key = "k") =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body: "body", ...input }));

const full = "owner FULL_CONTROL";

/** The user guide's table of canned ACLs, for what its bucket's owner owns. */
const canned: Readonly<Record<BucketCannedACL | ObjectCannedACL | "log-delivery-write", string>> = {
  private: full,
  "public-read": `${full}, AllUsers READ`,
  "public-read-write": `${full}, AllUsers READ, AllUsers WRITE`,
  "authenticated-read": `${full}, AuthenticatedUsers READ`,
  "aws-exec-read": full,
  "bucket-owner-read": full,
  "bucket-owner-full-control": full,
  "log-delivery-write": `${full}, LogDelivery WRITE, LogDelivery READ_ACP`,
};
const cannedNames = Object.keys(canned) as (keyof typeof canned)[];
const ofObjects = cannedNames.filter((name): name is ObjectCannedACL => name !== "log-delivery-write");

const policy = (...Grants: Grant[]): AccessControlPolicy => ({ Owner: owner, Grants });
const fullOfOwner: Grant = { Grantee: { Type: "CanonicalUser", ...owner }, Permission: "FULL_CONTROL" };
const readOfOther: Grant = { Grantee: { Type: "CanonicalUser", ID: other.ID }, Permission: "READ" };

test("GetBucketAcl_new_bucket_is_its_owners", async (t, at) => {
  t.is(await ofBucket(at), full);
});

test("GetBucketAcl_document_as_S3_writes_it", async (t, { signed, bucket }) => {
  const { status, body } = await signed({ method: "GET", target: `/${bucket}?acl` });
  t.is(status, 200);
  const user = `<ID>${owner.ID}</ID>`;
  const name = `<DisplayName>${owner.DisplayName}</DisplayName>`;
  t.is(
    body.toString(),
    `<?xml version="1.0" encoding="UTF-8"?>\n<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner>${name}${user}</Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${name}${user}</Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>`,
  );
});

test("PutBucketAcl_canned", async (t, at) => {
  for (const name of cannedNames) {
    await putBucketAcl(at, { ACL: name as BucketCannedACL });
    t.is(await ofBucket(at), canned[name], name);
  }
});

test("PutBucketAcl_headers", async (t, at) => {
  await putBucketAcl(at, {
    GrantFullControl: `id=${owner.ID}`,
    GrantRead: `uri="${uris["AllUsers"]}", id="${other.ID}"`,
    GrantReadACP: 'emailAddress="ROOT@200000000000.example.com"',
    GrantWrite: `uri=${uris["AuthenticatedUsers"]}`,
    GrantWriteACP: `id=${other.ID}`,
  });
  const expected = [
    full,
    "AllUsers READ",
    "other READ",
    "other READ_ACP",
    "AuthenticatedUsers WRITE",
    "other WRITE_ACP",
  ];
  t.is(await ofBucket(at), expected.join(", "));
});

test("PutBucketAcl_document", async (t, at) => {
  const byEmail: Grant = {
    Grantee: { Type: "AmazonCustomerByEmail", EmailAddress: "root@200000000000.example.com" },
    Permission: "WRITE",
  };
  const group: Grant = { Grantee: { Type: "Group", URI: uris["LogDelivery"] }, Permission: "READ_ACP" };
  await putBucketAcl(at, { AccessControlPolicy: policy(fullOfOwner, readOfOther, byEmail, group) });
  t.is(await ofBucket(at), `${full}, other READ, other WRITE, LogDelivery READ_ACP`);
  const { Owner, Grants } = await at.s3.send(new GetBucketAclCommand({ Bucket: at.bucket }));
  await putBucketAcl(at, { ACL: "private" });
  await putBucketAcl(at, { AccessControlPolicy: { Owner, Grants } });
  t.is(await ofBucket(at), `${full}, other READ, other WRITE, LogDelivery READ_ACP`);
  await putBucketAcl(at, { AccessControlPolicy: policy() });
  t.is(await ofBucket(at), "");
});

test("PutBucketAcl_wrong_input_is_refused_and_the_old_ACL_stays", async (t, at) => {
  await putBucketAcl(at, { ACL: "public-read" });
  const grantee = (Grantee: Grant["Grantee"]): Omit<PutBucketAclCommandInput, "Bucket"> => ({
    AccessControlPolicy: policy({ Grantee, Permission: "READ" }),
  });
  const many = Array.from({ length: 100 }, (_, index): Grant => {
    const Permission = (["READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"] as const)[index % 5];
    const known = [owner.ID, other.ID, "c", "d"];
    return { Grantee: { Type: "CanonicalUser", ID: known[Math.floor(index / 5) % 4] }, Permission };
  });
  const cases: readonly (readonly [input: Omit<PutBucketAclCommandInput, "Bucket">, code: string])[] = [
    [{}, "400 MissingSecurityHeader"],
    [{ ACL: "everybody" as BucketCannedACL }, "400 InvalidArgument"],
    [{ ACL: "private", GrantRead: `id=${other.ID}` }, "400 InvalidRequest"],
    [{ ACL: "private", AccessControlPolicy: policy(fullOfOwner) }, "400 UnexpectedContent"],
    [{ GrantRead: `id=${other.ID}`, AccessControlPolicy: policy(fullOfOwner) }, "400 UnexpectedContent"],
    [{ GrantRead: other.ID }, "400 InvalidArgument"],
    [{ GrantRead: "id=nobody" }, "400 InvalidArgument"],
    [{ GrantRead: "uri=http://example.com/" }, "400 InvalidArgument"],
    [{ GrantRead: "emailAddress=nobody@example.com" }, "400 UnresolvableGrantByEmailAddress"],
    [{ GrantRead: "emailAddress=two@example.com" }, "400 AmbiguousGrantByEmailAddress"],
    [{ AccessControlPolicy: { Owner: other, Grants: [fullOfOwner] } }, "403 AccessDenied"],
    [{ AccessControlPolicy: { Grants: [fullOfOwner] } }, "400 MalformedACLError"],
    [{ AccessControlPolicy: { Owner: owner } }, "400 MalformedACLError"],
    [{ AccessControlPolicy: policy(...many, fullOfOwner) }, "400 MalformedACLError"],
    [grantee({ Type: "CanonicalUser", ID: "nobody" }), "400 InvalidArgument"],
    [grantee({ Type: "CanonicalUser" }), "400 MalformedACLError"],
    [grantee({ Type: "Group", URI: "http://example.com/" }), "400 InvalidArgument"],
    [grantee({ Type: "AmazonCustomerByEmail", EmailAddress: "no" }), "400 UnresolvableGrantByEmailAddress"],
    [grantee({ Type: "Everybody" as "Group", URI: uris["AllUsers"] }), "400 MalformedACLError"],
    [{ AccessControlPolicy: policy({ Grantee: { Type: "CanonicalUser", ID: other.ID } }) }, "400 MalformedACLError"],
  ];
  for (const [input, code] of cases) t.is(await refusal(putBucketAcl(at, input)), code, JSON.stringify(input));
  // What is said twice counts once: five permissions of four accounts.
  t.is(await ofBucket(at), canned["public-read"]);
  await putBucketAcl(at, { AccessControlPolicy: policy(...many) });
  t.is((await at.s3.send(new GetBucketAclCommand({ Bucket: at.bucket }))).Grants?.length, 20);
});

test("PutBucketAcl_malformed_document_400_MalformedACLError", async (t, { signed, bucket }) => {
  const bodies = [
    "<AccessControlPolicy>",
    "<Other/>",
    '<AccessControlPolicy xmlns="http://example.com/"/>',
    "<AccessControlPolicy><Unknown/></AccessControlPolicy>",
    `<AccessControlPolicy><Owner><ID>${owner.ID}</ID></Owner><AccessControlList><Grant><Grantee><ID>${owner.ID}</ID></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>`,
    `<AccessControlPolicy><Owner><ID>${owner.ID}</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>${owner.ID}</ID></Grantee><Permission>ALL</Permission></Grant></AccessControlList></AccessControlPolicy>`,
  ];
  const md5 = async (body: string) => (await import("node:crypto")).createHash("md5").update(body).digest("base64");
  for (const body of bodies) {
    const headers = { "content-md5": await md5(body) };
    t.is(
      outcome(await signed({ method: "PUT", target: `/${bucket}?acl`, body, headers })),
      "400 MalformedACLError",
      body,
    );
  }
});

test("GetBucketAcl_PutBucketAcl_no_bucket_404", async (t, { s3 }) => {
  const at = { s3, bucket: "no-such-bucket-here" };
  t.is(await refusal(ofBucket(at)), "404 NoSuchBucket");
  t.is(await refusal(putBucketAcl(at, { ACL: "private" })), "404 NoSuchBucket");
});

test("CreateBucket_ACL_canned_and_by_header", async (t, { s3, bucket }) => {
  for (const name of cannedNames) {
    const at = { s3, bucket: `${bucket}-${name}` };
    await s3.send(new CreateBucketCommand({ Bucket: at.bucket, ACL: name as BucketCannedACL }));
    t.is(await ofBucket(at), canned[name], name);
  }
  const at = { s3, bucket: `${bucket}-granted` };
  await s3.send(
    new CreateBucketCommand({ Bucket: at.bucket, GrantRead: `id=${other.ID}`, GrantWrite: `id=${other.ID}` }),
  );
  t.is(await ofBucket(at), "other READ, other WRITE");
});

test("CreateBucket_again_sets_the_ACL_anew", async (t, at) => {
  await putBucketAcl(at, { ACL: "public-read" });
  await at.s3.send(new CreateBucketCommand({ Bucket: at.bucket }));
  t.is(await ofBucket(at), full);
  await at.s3.send(new CreateBucketCommand({ Bucket: at.bucket, ACL: "public-read-write" }));
  t.is(await ofBucket(at), canned["public-read-write"]);
});

test("CreateBucket_wrong_ACL_is_refused_and_makes_no_bucket", async (t, { s3, bucket }) => {
  const Bucket = `${bucket}-refused`;
  const cases: readonly (readonly [input: object, code: string])[] = [
    [{ ACL: "public-read", GrantRead: `id=${other.ID}` }, "400 InvalidRequest"],
    [{ ACL: "everybody" }, "400 InvalidArgument"],
    [{ GrantRead: "id=nobody" }, "400 InvalidArgument"],
    [{ ACL: "public-read", ObjectOwnership: "BucketOwnerEnforced" }, "400 InvalidBucketAclWithObjectOwnership"],
    [
      { GrantRead: `id=${other.ID}`, ObjectOwnership: "BucketOwnerEnforced" },
      "400 InvalidBucketAclWithObjectOwnership",
    ],
  ];
  for (const [input, code] of cases) {
    t.is(await refusal(s3.send(new CreateBucketCommand({ Bucket, ...input }))), code, JSON.stringify(input));
  }
  t.is(await refusal(s3.send(new GetBucketAclCommand({ Bucket }))), "404 NoSuchBucket");
});

test("CreateBucket_with_more_than_a_name_needs_the_permissions_to_set_it", async (t, { signed, bucket }) => {
  const create = async (name: string, headers: Record<string, string>) =>
    outcome(await signed({ method: "PUT", target: `/${bucket}-${name}`, headers, ...makerKeys }));
  t.is(await create("a", {}), "200");
  t.is(await create("b", { "x-amz-acl": "private" }), "200");
  for (const headers of [
    { "x-amz-acl": "public-read" },
    { "x-amz-grant-read": `id=${other.ID}` },
    { "x-amz-grant-write": `id=${other.ID}` },
    { "x-amz-object-ownership": "ObjectWriter" },
    { "x-amz-bucket-object-lock-enabled": "true" },
  ]) {
    t.is(await create("c", headers), "403 AccessDenied", JSON.stringify(headers));
  }
});

const enforced = async ({ s3, bucket }: At): Promise<At> => {
  const at = { s3, bucket: `${bucket}-enforced` };
  await s3.send(new CreateBucketCommand({ Bucket: at.bucket, ObjectOwnership: "BucketOwnerEnforced", ACL: "private" }));
  return at;
};

test("BucketOwnerEnforced_takes_no_ACL_but_the_owners", async (t, stand) => {
  const at = await enforced(stand);
  await put(at);
  const owners = ["private", "bucket-owner-full-control"];
  for (const name of ofObjects) {
    const expected = owners.includes(name) ? "no error" : "400 AccessControlListNotSupported";
    t.is(await refusal(put(at, { ACL: name }, name)), expected, name);
    t.is(await refusal(putObjectAcl(at, { ACL: name })), expected, name);
    t.is(await refusal(putBucketAcl(at, { ACL: name as BucketCannedACL })), expected, name);
  }
  const grants = { GrantFullControl: `id=${owner.ID}` };
  t.is(await refusal(put(at, grants)), "no error");
  t.is(await refusal(putBucketAcl(at, { AccessControlPolicy: policy(fullOfOwner) })), "no error");
  const refused = "400 AccessControlListNotSupported";
  t.is(await refusal(put(at, { GrantRead: `id=${other.ID}` })), refused);
  t.is(await refusal(putBucketAcl(at, { AccessControlPolicy: policy(fullOfOwner, readOfOther) })), refused);
  t.is(await refusal(putObjectAcl(at, { AccessControlPolicy: policy(readOfOther) })), refused);
  const Bucket = at.bucket;
  t.is(await refusal(at.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "m", ACL: "public-read" }))), refused);
  const copy = new CopyObjectCommand({ Bucket, Key: "c", CopySource: `${Bucket}/k`, ACL: "public-read" });
  t.is(await refusal(at.s3.send(copy)), refused);
  t.is(await ofBucket(at), full);
  t.is(await ofObject(at), full);
});

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
