/** Who owns what another account writes, as ownership controls say, and where it shows; public ACLs where they are blocked. */

import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  type ObjectCannedACL,
  type ObjectOwnership,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { eachFront, outcome, refusal, type Stand } from "../support/each-front.ts";
import { testKeys } from "../support/node-process.ts";

const owner = { ID: "a".repeat(64), DisplayName: "the owner" };
const other = { ID: "b".repeat(64), DisplayName: "another" };
const anonymousId = "65a011a29cdf8ec533ec3d1ccaae921c";
const otherKeys = { accessKeyId: "AKOWNERSHIP0000001", secretAccessKey: "another-account-has-a-secret" };
const userKeys = { accessKeyId: "AKOWNERSHIP0000002", secretAccessKey: "a-user-has-a-secret-as-well" };

const account = (accountId: string, kind: string, { ID, DisplayName }: typeof owner, keys: object[]) => ({
  accountId,
  canonicalId: ID,
  displayName: DisplayName,
  kind,
  root: { email: `root@${accountId}.example.com`, keys },
});

const user = {
  name: "ann",
  email: "ann@example.com",
  role: "user",
  policies: ["AdministratorAccess"],
  keys: [userKeys],
};
const test = eachFront({
  identities: {
    accounts: [
      { ...account("100000000000", "operator", owner, [testKeys]), users: [user] },
      account("200000000000", "customer", other, [otherKeys]),
    ],
  },
});

type At = Pick<Stand, "s3" | "bucket">;

/** A client of another identity, on the same node. */
const as = async <R>({ endpoint, bucket }: Stand, credentials: typeof otherKeys, use: (at: At) => Promise<R>) => {
  const s3 = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials, maxAttempts: 1 });
  try {
    return await use({ s3, bucket });
  } finally {
    s3.destroy();
  }
};

const control = ({ s3, bucket: Bucket }: At, ObjectOwnership: ObjectOwnership) =>
  s3.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules: [{ ObjectOwnership }] } }));

/** The bucket's policy lets the other account do everything with objects. */
const letOther = ({ s3, bucket: Bucket }: At) => {
  const Statement = {
    Effect: "Allow",
    Principal: { AWS: "arn:aws:iam::200000000000:root" },
    Action: ["s3:PutObject", "s3:PutObjectAcl", "s3:GetObject", "s3:DeleteObject", "s3:ListMultipartUploadParts"],
    Resource: `arn:aws:s3:::${Bucket}/*`,
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  return s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
};

const put = ({ s3, bucket: Bucket }: At, Key: string, input: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body: Key, ...input }));

const text = async ({ s3, bucket: Bucket }: At, Key: string): Promise<string> => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToString()) ?? "";
};

const nameOf = (id: string | undefined): string =>
  id === owner.ID ? "owner" : id === other.ID ? "other" : id === anonymousId ? "anonymous" : `unknown ${id}`;

const aclOf = async ({ s3, bucket: Bucket }: At, Key: string): Promise<string> => {
  const { Owner, Grants } = await s3.send(new GetObjectAclCommand({ Bucket, Key }));
  const grants = (Grants ?? []).map(({ Grantee, Permission }) => `${nameOf(Grantee?.ID)} ${Permission}`);
  return `${nameOf(Owner?.ID)}: ${grants.join(", ")}`;
};

test("PutObject_by_another_account_is_owned_as_the_controls_say", async (t, stand) => {
  await letOther(stand);
  const cells: readonly (readonly [ObjectOwnership | null, ObjectCannedACL | undefined, acl: string])[] = [
    [null, undefined, "other: other FULL_CONTROL"],
    [null, "bucket-owner-read", "other: other FULL_CONTROL, owner READ"],
    [null, "bucket-owner-full-control", "other: other FULL_CONTROL, owner FULL_CONTROL"],
    ["ObjectWriter", undefined, "other: other FULL_CONTROL"],
    ["ObjectWriter", "bucket-owner-full-control", "other: other FULL_CONTROL, owner FULL_CONTROL"],
    ["BucketOwnerPreferred", undefined, "other: other FULL_CONTROL"],
    ["BucketOwnerPreferred", "bucket-owner-read", "other: other FULL_CONTROL, owner READ"],
    ["BucketOwnerPreferred", "bucket-owner-full-control", "owner: owner FULL_CONTROL"],
    ["BucketOwnerEnforced", undefined, "owner: owner FULL_CONTROL"],
    ["BucketOwnerEnforced", "bucket-owner-full-control", "owner: owner FULL_CONTROL"],
  ];
  for (const [ownership, ACL, expected] of cells) {
    if (ownership !== null) await control(stand, ownership);
    const key = `${ownership}-${ACL}`;
    await as(stand, otherKeys, (at) => put(at, key, { ACL }));
    const isOwners = expected.startsWith("owner");
    const reader = isOwners || ACL === "bucket-owner-full-control" ? stand : null;
    const shown = reader === null ? await as(stand, otherKeys, (at) => aclOf(at, key)) : await aclOf(stand, key);
    t.is(shown, expected, key);
  }
});

test("GetObject_of_another_accounts_object_is_its_owners_to_grant", async (t, stand) => {
  await letOther(stand);
  await as(stand, otherKeys, async (at) => {
    await put(at, "private");
    await put(at, "given", { ACL: "bucket-owner-full-control" });
  });
  t.is(await refusal(text(stand, "private")), "403 AccessDenied");
  t.is(await text(stand, "given"), "given");
  t.is(await as(stand, otherKeys, (at) => text(at, "private")), "private");
  await control(stand, "BucketOwnerEnforced");
  t.is(await text(stand, "private"), "private");
  t.is(await aclOf(stand, "private"), "owner: owner FULL_CONTROL");
  await control(stand, "ObjectWriter");
  t.is(await refusal(text(stand, "private")), "403 AccessDenied");
});

test("PutObjectAcl_keeps_the_owner_who_alone_may_name_itself", async (t, stand) => {
  await letOther(stand);
  await as(stand, otherKeys, async (at) => {
    const { s3, bucket: Bucket } = at;
    await put(at, "k");
    await s3.send(new PutObjectAclCommand({ Bucket, Key: "k", ACL: "bucket-owner-full-control" }));
    t.is(await aclOf(at, "k"), "other: other FULL_CONTROL, owner FULL_CONTROL");
  });
  const { s3, bucket: Bucket } = stand;
  const Grants = [{ Grantee: { Type: "CanonicalUser" as const, ID: owner.ID }, Permission: "FULL_CONTROL" as const }];
  const name = (Owner: typeof owner) =>
    s3.send(new PutObjectAclCommand({ Bucket, Key: "k", AccessControlPolicy: { Owner, Grants } }));
  t.is(await refusal(name(owner)), "403 AccessDenied");
  await name(other);
  t.is(await aclOf(stand, "k"), "other: owner FULL_CONTROL");
  await s3.send(new PutObjectAclCommand({ Bucket, Key: "k", ACL: "private" }));
  t.is(await refusal(aclOf(stand, "k")), "403 AccessDenied");
});

test("lists_show_the_owner_of_each_object", async (t, stand) => {
  const { s3, bucket: Bucket, plain } = stand;
  await s3.send(new PutBucketAclCommand({ Bucket, ACL: "public-read-write" }));
  const unsigned = await plain({ method: "PUT", target: `/${Bucket}/1-anonymous`, body: "x" });
  t.is(outcome(unsigned), "200");
  await as(stand, otherKeys, (at) => put(at, "2-other"));
  await put(stand, "3-owner");
  await put(stand, "4-owner", { ACL: "public-read", StorageClass: "STANDARD_IA" });
  await as(stand, otherKeys, (at) => put(at, "5-other", { StorageClass: "STANDARD_IA", ACL: "public-read" }));
  const owners = ["anonymous", "other", "owner", "owner", "other"];
  const classes = ["STANDARD", "STANDARD", "STANDARD", "STANDARD_IA", "STANDARD_IA"];
  const check = async (expected: readonly string[]) => {
    const { Contents: first = [] } = await s3.send(new ListObjectsCommand({ Bucket }));
    const { Contents: second = [] } = await s3.send(new ListObjectsV2Command({ Bucket, FetchOwner: true }));
    const { Versions: versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    for (const listed of [first, second, versions]) {
      t.deepEqual(
        listed.map(({ Owner }) => nameOf(Owner?.ID)),
        expected,
      );
      t.deepEqual(
        listed.map(({ StorageClass }) => String(StorageClass)),
        classes,
      );
    }
  };
  await check(owners);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, FetchOwner: true }));
  t.is(Contents[1]?.Owner?.DisplayName, other.DisplayName);
  const { Contents: bare = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  t.true(bare.every(({ Owner }) => Owner === undefined));
  await s3.send(new PutBucketAclCommand({ Bucket, ACL: "private" }));
  await control(stand, "BucketOwnerEnforced");
  await check(owners.map(() => "owner"));
});

test("ListObjectVersions_shows_who_made_each_delete_marker", async (t, stand) => {
  const { s3, bucket: Bucket, plain } = stand;
  await letOther(stand);
  const version = (Status: "Enabled" | "Suspended") =>
    s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
  const markers = async () => {
    const { DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    return DeleteMarkers.map(({ Key, Owner }) => `${Key} ${nameOf(Owner?.ID)}`);
  };
  await version("Enabled");
  for (const key of ["1", "2", "3", "4", "5"]) await put(stand, key);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "1" }));
  await as(stand, otherKeys, async (at) => {
    await at.s3.send(new DeleteObjectCommand({ Bucket, Key: "2" }));
    await at.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "3" }] } }));
  });
  await as(stand, userKeys, (at) => at.s3.send(new DeleteObjectCommand({ Bucket, Key: "4" })));
  await version("Suspended");
  await as(stand, otherKeys, (at) => at.s3.send(new DeleteObjectCommand({ Bucket, Key: "5" })));
  await version("Enabled");
  // Another version above it leaves a marker whose it was.
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "5" }));
  const Statement = {
    Effect: "Allow",
    Principal: "*",
    Action: "s3:DeleteObject",
    Resource: `arn:aws:s3:::${Bucket}/*`,
  };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  t.is(outcome(await plain({ method: "DELETE", target: `/${Bucket}/6` })), "204");
  t.deepEqual(await markers(), ["1 owner", "2 other", "3 other", "4 owner", "5 owner", "5 other", "6 anonymous"]);
  await control(stand, "BucketOwnerEnforced");
  t.true((await markers()).every((marker) => marker.endsWith(" owner")));
  await as(stand, otherKeys, (at) => at.s3.send(new DeleteObjectCommand({ Bucket, Key: "2" })));
  await control(stand, "ObjectWriter");
  t.deepEqual((await markers()).slice(1, 3), ["2 owner", "2 other"]);
});

test("ListMultipartUploads_ListParts_Owner_and_Initiator", async (t, stand) => {
  await letOther(stand);
  const begin = async ({ s3, bucket: Bucket }: At, Key: string) => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: "part" }));
    return { Bucket, Key, UploadId, MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] } };
  };
  const byRoot = await begin(stand, "1-root");
  const byUser = await as(stand, userKeys, (at) => begin(at, "2-user"));
  const byOther = await as(stand, otherKeys, (at) => begin(at, "3-other"));
  const arn = "arn:aws:iam::100000000000:user/ann";
  const expected = [
    { Owner: owner, Initiator: owner },
    { Owner: owner, Initiator: { ID: arn, DisplayName: "ann" } },
    { Owner: other, Initiator: other },
  ];
  const { s3, bucket: Bucket } = stand;
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  t.deepEqual(
    Uploads.map(({ Owner, Initiator }) => ({ Owner, Initiator })),
    expected,
  );
  for (const [index, { Key, UploadId }] of [byRoot, byUser, byOther].entries()) {
    const { Owner, Initiator } = await s3.send(new ListPartsCommand({ Bucket, Key, UploadId }));
    t.deepEqual({ Owner, Initiator }, expected[index]);
  }
  await s3.send(new CompleteMultipartUploadCommand(byUser));
  t.is(await aclOf(stand, "2-user"), "owner: owner FULL_CONTROL");
  await as(stand, otherKeys, async (at) => {
    await at.s3.send(new CompleteMultipartUploadCommand(byOther));
    t.is(await aclOf(at, "3-other"), "other: other FULL_CONTROL");
  });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, FetchOwner: true }));
  t.deepEqual(
    Contents.map(({ Owner }) => nameOf(Owner?.ID)),
    ["owner", "other"],
  );
});

test("BlockPublicAcls_refuses_public_ACLs_and_no_others", async (t, stand) => {
  const { s3, bucket: Bucket } = stand;
  await put(stand, "k", { ACL: "public-read" });
  await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: { BlockPublicAcls: true } }));
  const everybody = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"';
  const Key = "k";
  const forms: readonly (readonly [name: string, send: (acl: object) => Promise<unknown>])[] = [
    ["PutBucketAcl", (acl) => s3.send(new PutBucketAclCommand({ Bucket, ...acl }))],
    ["PutObjectAcl", (acl) => s3.send(new PutObjectAclCommand({ Bucket, Key, ...acl }))],
    ["PutObject", (acl) => put(stand, "new", acl)],
    ["CopyObject", (acl) => s3.send(new CopyObjectCommand({ Bucket, Key: "c", CopySource: `${Bucket}/k`, ...acl }))],
    ["CreateMultipartUpload", (acl) => s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...acl }))],
  ];
  for (const [name, send] of forms) {
    const isBucket = name === "PutBucketAcl";
    for (const ACL of ["public-read", "public-read-write", "authenticated-read"]) {
      t.is(await refusal(send({ ACL })), "403 AccessDenied", `${name} ${ACL}`);
    }
    t.is(await refusal(send({ GrantRead: everybody })), "403 AccessDenied", name);
    t.is(await refusal(send({ GrantRead: `id=${other.ID}` })), "no error", name);
    t.is(await refusal(send({ ACL: isBucket ? "log-delivery-write" : "bucket-owner-read" })), "no error", name);
    t.is(await refusal(send({ ACL: "private" })), "no error", name);
  }
});
