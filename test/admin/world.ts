/** The accounts, users and belongings that a stand begins with. */

import { createHash } from "node:crypto";
import type { PasswordHasher } from "#src/account/password.ts";
import { bucketId } from "#src/base/ids.ts";
import { type Actor, identityKeys, newAccount, newUser } from "#src/control/identity-records.ts";
import { type JobRecord, jobKeys } from "#src/control/job-records.ts";
import { controlKeys } from "#src/control/records.ts";
import { type SecretBox, secretPlaces } from "#src/control/secret-box.ts";
import type { ControlOperation } from "#src/control/store.ts";
import { putTyped } from "#src/control/typed-records.ts";

/** Accounts of the world: the operator, a reseller, its customer, a direct customer, and another reseller. */
export const operator = "111111111111";
export const reseller = "222222222222";
export const customer = "333333333333";
export const direct = "444444444444";
export const otherReseller = "555555555555";
/** What the customer has, beside its users. */
export const customerKey = "TRPK0000000000000001";
export const customerJob = "00000000000000-00000001";
export const customerSecret = "0123456789abcdefghijABCDEFGHIJ0123456789";

export const password = "correct horse battery";

/** Hashes at once: what argon2 costs is tested where it is. */
export const quickPasswords: PasswordHasher = {
  hash: async (text) => quickHash(text),
  matches: async (text, stored) => quickHash(text) === stored,
  needsRehash: () => false,
  burn: async () => undefined,
};

const quickHash = (text: string): string => `quick$${createHash("sha256").update(text).digest("hex")}`;

interface Person {
  readonly account: string;
  readonly name: string;
  readonly role: "root" | "admin" | "user";
}

/** `<name>.<first digit of the account>@example.com` */
export const emailOf = (account: string, name: string): string => `${name}.${account[0]}@example.com`;

const people: readonly Person[] = [
  { account: operator, name: "root", role: "root" },
  { account: operator, name: "admin", role: "admin" },
  { account: reseller, name: "root", role: "root" },
  { account: reseller, name: "user", role: "user" },
  { account: customer, name: "root", role: "root" },
  { account: customer, name: "admin", role: "admin" },
  { account: customer, name: "user", role: "user" },
  { account: direct, name: "root", role: "root" },
  { account: direct, name: "admin", role: "admin" },
  { account: otherReseller, name: "root", role: "root" },
];

const statement = { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::none/*" };
const document = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
const trusted = { Effect: "Allow", Principal: { AWS: customer }, Action: "sts:AssumeRole" };
const trustPolicy = JSON.stringify({ Version: "2012-10-17", Statement: [trusted] });
const readOnly = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

const holderNames = { user: "user", group: "crew", role: "reader" } as const;

/** A group, a role, a policy, an inline policy, a key and a bucket of the customer. */
export function belongings(secrets: SecretBox): ControlOperation[] {
  const accountId = customer;
  const common = { accountId, path: "/", createdMs: 0, attached: [readOnly], inline: ["inl"] };
  const role = { description: null, boundary: null, maxSessionSeconds: 3600, tags: [] };
  const policy = { description: "of the customer", tags: [], defaultVersion: "v1", lastVersion: 2, updatedMs: 0 };
  const versions = ["v1", "v2"].map((id) => ({ id, document, createdMs: 0 }));
  const key = { accessKeyId: customerKey, accountId, userName: "user", status: "Active", createdMs: 0 };
  const bucket = { id: "0".repeat(32), partition: 0, addressKey: new Uint8Array(32), location: null, state: "live" };
  return [
    putTyped(identityKeys.group(accountId, "crew"), { ...common, name: "crew", groupId: "TRPG0000000000000000" }),
    putTyped(identityKeys.role(accountId, "reader"), {
      ...common,
      ...role,
      name: "reader",
      roleId: "TRPR0000000000000000",
      trustPolicy,
    }),
    putTyped(identityKeys.policy(accountId, "own"), {
      ...common,
      ...policy,
      name: "own",
      policyId: "TRPP0000000000000000",
      versions,
    }),
    putTyped(identityKeys.accessKey(customerKey), {
      ...key,
      sealedSecret: secrets.seal(customerSecret, secretPlaces.accessKey(customerKey)),
    }),
    putTyped(identityKeys.userKey(accountId, "user", customerKey), {}),
    ...(["user", "group", "role"] as const).map((kind) =>
      putTyped(identityKeys.inline(kind, accountId, holderNames[kind], "inl"), { document }),
    ),
    putTyped(identityKeys.attachment(readOnly, "group", accountId, "crew"), {}),
    putTyped(identityKeys.attachment(readOnly, "role", accountId, "reader"), {}),
    putTyped(controlKeys.bucket("customer-bucket"), { ...bucket, name: "customer-bucket", accountId, createdMs: 0 }),
    putTyped(controlKeys.ownedBucket(accountId, "customer-bucket"), {}),
    ...jobOf(accountId),
  ];
}

/** One that has ended: another can begin. */
function jobOf(accountId: string): ControlOperation[] {
  const original = null;
  const by: Actor = {
    accountId,
    name: "admin",
    kind: "user",
    via: "session",
    original,
    address: null,
    requestId: null,
  };
  const job: JobRecord = {
    jobId: customerJob,
    kind: "super-delete",
    accountId,
    bucket: "customer-bucket",
    bucketId: bucketId("0".repeat(32)),
    state: "cancelled",
    total: 3,
    removed: 2,
    by,
    createdMs: 0,
    updatedMs: 2000,
    endedMs: 2000,
    fault: null,
  };
  return [putTyped(jobKeys.job(customerJob), job), putTyped(jobKeys.accountJob(accountId, customerJob), {})];
}

export function world(): ControlOperation[] {
  const accounts = [
    { accountId: operator, kind: "operator", parent: null },
    { accountId: reseller, kind: "reseller", parent: operator },
    { accountId: customer, kind: "customer", parent: reseller },
    { accountId: direct, kind: "customer", parent: operator },
    { accountId: otherReseller, kind: "reseller", parent: operator },
  ] as const;
  return [
    putTyped("identity-version", { version: 1 }),
    ...accounts.flatMap(({ accountId, kind, parent }) => [
      putTyped(
        identityKeys.account(accountId),
        newAccount({ accountId, canonicalId: `canonical-${accountId}`, displayName: kind, kind, parent, createdMs: 0 }),
      ),
      putTyped(identityKeys.canonical(`canonical-${accountId}`), { accountId }),
      ...(parent === null ? [] : [putTyped(identityKeys.child(parent, accountId), {})]),
    ]),
    ...people.flatMap(({ account, name, role }, index) => {
      const email = emailOf(account, name);
      const userId = `TRPU${String(index).padStart(16, "0")}`;
      const user = newUser({ accountId: account, name, userId, email, role, status: "active", createdMs: index });
      return [
        putTyped(identityKeys.user(account, name), {
          ...user,
          inline: account === customer && name === "user" ? ["inl"] : [],
          passwordHash: quickHash(password),
        }),
        putTyped(identityKeys.email(email, account, name), {}),
      ];
    }),
  ];
}
