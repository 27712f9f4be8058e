/** Access control lists for tests through AWS's SDK: who there is, and what lists look like in short. */

import {
  type AccessControlPolicy,
  type BucketCannedACL,
  GetBucketAclCommand,
  GetObjectAclCommand,
  type Grant,
  type ObjectCannedACL,
  PutBucketAclCommand,
  type PutBucketAclCommandInput,
  PutObjectAclCommand,
  type PutObjectAclCommandInput,
  PutObjectCommand,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { eachFront, type Stand } from "./each-front.ts";
import { testKeys } from "./node-process.ts";

export const owner = { ID: "a".repeat(64), DisplayName: "the owner" };
export const other = { ID: "b".repeat(64), DisplayName: "another & more" };

const account = (accountId: string, kind: string, { ID, DisplayName }: typeof owner, keys: object[]) => ({
  accountId,
  canonicalId: ID,
  displayName: DisplayName,
  kind,
  root: { email: `Root@${accountId}.example.com`, keys },
});

export const makerKeys = { accessKeyId: "AKACLMAKER0000001", secretAccessKey: "who-makes-buckets-and-no-more" };
const maker = {
  name: "maker",
  email: "maker@example.com",
  role: "user",
  policies: [{ Version: "2012-10-17", Statement: { Effect: "Allow", Action: "s3:CreateBucket", Resource: "*" } }],
  keys: [makerKeys],
};

/** As many as give an ACL all the grants that it may have, four each. */
export const crowd = Array.from({ length: 25 }, (_, index) => ({
  ID: String(index).padStart(64, "0"),
  DisplayName: `c${index}`,
}));

/** Of an identities document: whose buckets they are, and whom ACLs name. */
const accounts = [
  { ...account("100000000000", "operator", owner, [testKeys]), users: [maker] },
  ...crowd.map((each, index) => account(String(500000000000 + index), "customer", each, [])),
  account("200000000000", "customer", other, []),
  { ...account("300000000000", "customer", { ID: "c", DisplayName: "c" }, []), root: { email: "two@example.com" } },
  { ...account("400000000000", "customer", { ID: "d", DisplayName: "d" }, []), root: { email: "two@example.com" } },
];

/** Declares tests over nodes that have these accounts. */
export const aclTest = () => eachFront({ identities: { accounts } });

export type At = Pick<Stand, "s3" | "bucket">;

const global = "http://acs.amazonaws.com/groups/global";
export const uris: Readonly<Record<string, string>> = {
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

export const ofBucket = async ({ s3, bucket: Bucket }: At): Promise<string> => {
  const { Owner, Grants } = await s3.send(new GetBucketAclCommand({ Bucket }));
  return Owner?.ID === owner.ID && Owner.DisplayName === owner.DisplayName ? shown(Grants) : `owner ${Owner?.ID}`;
};

export const ofObject = async ({ s3, bucket: Bucket }: At, Key = "k", VersionId?: string): Promise<string> => {
  const { Owner, Grants } = await s3.send(new GetObjectAclCommand({ Bucket, Key, VersionId }));
  return Owner?.ID === owner.ID && Owner.DisplayName === owner.DisplayName ? shown(Grants) : `owner ${Owner?.ID}`;
};

export const putBucketAcl = ({ s3, bucket: Bucket }: At, input: Omit<PutBucketAclCommandInput, "Bucket">) =>
  s3.send(new PutBucketAclCommand({ Bucket, ...input }));

export const putObjectAcl = (
  { s3, bucket: Bucket }: At,
  input: Omit<PutObjectAclCommandInput, "Bucket" | "Key">,
  Key = "k",
) => s3.send(new PutObjectAclCommand({ Bucket, Key, ...input }));

export const put = ({ s3, bucket: Bucket }: At, input: Omit<PutObjectCommandInput, "Bucket" | "Key"> = {}, Key = "k") =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body: "body", ...input }));

export const full = "owner FULL_CONTROL";

/** The user guide's table of canned ACLs, for what its bucket's owner owns. */
export const canned: Readonly<Record<BucketCannedACL | ObjectCannedACL | "log-delivery-write", string>> = {
  private: full,
  "public-read": `${full}, AllUsers READ`,
  "public-read-write": `${full}, AllUsers READ, AllUsers WRITE`,
  "authenticated-read": `${full}, AuthenticatedUsers READ`,
  "aws-exec-read": full,
  "bucket-owner-read": full,
  "bucket-owner-full-control": full,
  "log-delivery-write": `${full}, LogDelivery WRITE, LogDelivery READ_ACP`,
};
export const cannedNames = Object.keys(canned) as (keyof typeof canned)[];
export const ofObjects = cannedNames.filter((name): name is ObjectCannedACL => name !== "log-delivery-write");

export const policy = (...Grants: Grant[]): AccessControlPolicy => ({ Owner: owner, Grants });
export const fullOfOwner: Grant = { Grantee: { Type: "CanonicalUser", ...owner }, Permission: "FULL_CONTROL" };
export const readOfOther: Grant = { Grantee: { Type: "CanonicalUser", ID: other.ID }, Permission: "READ" };
