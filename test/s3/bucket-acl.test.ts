/** Access control lists of buckets over HTTP: canned, by header and by document, and what is wrong with them. */

import {
  type BucketCannedACL,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketAclCommand,
  type Grant,
  type PutBucketAclCommandInput,
} from "@aws-sdk/client-s3";
import {
  type At,
  aclTest,
  canned,
  cannedNames,
  full,
  fullOfOwner,
  makerKeys,
  ofBucket,
  ofObject,
  ofObjects,
  other,
  owner,
  policy,
  put,
  putBucketAcl,
  putObjectAcl,
  readOfOther,
  uris,
} from "../support/acl.ts";
import { outcome, refusal } from "../support/each-front.ts";

const test = aclTest();

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

test("PutBucketAcl_document_with_prefixes_of_its_own", async (t, { s3, signed, bucket }) => {
  const type = (prefix: string) =>
    `xmlns:${prefix}="http://www.w3.org/2001/XMLSchema-instance" ${prefix}:type="CanonicalUser"`;
  const put = (prefix: string) =>
    signed({
      method: "PUT",
      target: `/${bucket}?acl`,
      body: `<s:AccessControlPolicy xmlns:s="http://s3.amazonaws.com/doc/2006-03-01/"><s:Owner><s:ID>${owner.ID}</s:ID></s:Owner><s:AccessControlList><s:Grant><s:Grantee ${type(prefix)}><s:ID>${other.ID}</s:ID></s:Grantee><s:Permission>READ</s:Permission></s:Grant></s:AccessControlList></s:AccessControlPolicy>`,
    });
  t.is(outcome(await put("i")), "200");
  t.is(await ofBucket({ s3, bucket }), "other READ");
  t.is(outcome(await put("s")), "400 MalformedACLError");
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
  for (const name of ofObjects) {
    const expected = name === "bucket-owner-full-control" ? "no error" : "400 AccessControlListNotSupported";
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
