/** Asks the product's judge what the oracle is asked. */

import { anonymousPrincipal, type Principal } from "#src/account/principal.ts";
import { bucketId } from "#src/base/ids.ts";
import type { BucketConfiguration, ConfigurationField } from "#src/bucket/configuration.ts";
import type { ConfiguredBucket } from "#src/bucket/configuration-reader.ts";
import type { ObjectView } from "#src/bucket/read.ts";
import { type AccountRecord, newAccount } from "#src/control/identity-records.ts";
import type { BucketRecord } from "#src/control/records.ts";
import { BucketRules } from "#src/front/bucket-rules.ts";
import { bucketResource, Judge, objectResource, placeOf } from "#src/front/judge.ts";
import { type CompiledPolicy, compilePolicy } from "#src/policy/compile.ts";
import { parseBucketPolicy, parsePolicy } from "#src/policy/document.ts";
import { type AccessControlList, anonymousId } from "#src/s3/acl.ts";
import { S3Error } from "#src/s3/errors.ts";
import type { PublicAccessBlock } from "#src/s3/public-access.ts";
import {
  type Account,
  type Acl,
  accountIds,
  accounts,
  arns,
  type Case,
  type Flags,
  isObjectAction,
  type NamingStatement,
  type Statement,
} from "./case.ts";

const bucket: BucketRecord = {
  name: "bucket",
  id: bucketId("1".repeat(32)),
  accountId: accountIds.owner,
  partition: 0,
  addressKey: new Uint8Array(32),
  location: null,
  state: "live",
  createdMs: 0,
};
const key = "k";
const clientAddress = "192.0.2.7";
const canonicalOf = (account: Acl["owner"]): string => (account === "anonymous" ? anonymousId : `canonical-${account}`);

const recordOf = (account: Account): AccountRecord =>
  newAccount({
    accountId: accountIds[account],
    canonicalId: canonicalOf(account),
    displayName: account,
    kind: "customer",
    parent: null,
    createdMs: 0,
  });
const records = new Map(accounts.map((account) => [accountIds[account], recordOf(account)]));

const conditionOf = ({ condition }: Statement): object => {
  switch (condition) {
    case "none":
      return {};
    case "tag":
      return { Condition: { StringEquals: { "s3:ExistingObjectTag/class": "red" } } };
    case "here":
      return { Condition: { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } } };
    case "elsewhere":
      return { Condition: { IpAddress: { "aws:SourceIp": "198.51.100.0/24" } } };
  }
};

const actionOf = ({ isAboutIt }: Statement, { action }: Case): string =>
  isAboutIt ? action : "s3:PutLifecycleConfiguration";

const identityPolicy = (statements: readonly object[]): CompiledPolicy[] =>
  statements.length === 0
    ? []
    : [compilePolicy(parsePolicy({ Version: "2012-10-17", Statement: statements }, "identity"), "policy")];

const ownPolicies = (asked: Case): CompiledPolicy[] =>
  identityPolicy(
    asked.own.map((one) => ({
      Effect: one.effect,
      Action: actionOf(one, asked),
      Resource: "*",
      ...conditionOf(one),
    })),
  );

const boundaryOf = ({ boundary }: Case): CompiledPolicy | null => {
  if (boundary === "none") return null;
  const Action = boundary === "open" ? "*" : "s3:PutLifecycleConfiguration";
  return identityPolicy([{ Effect: "Allow", Action, Resource: "*" }])[0] ?? null;
};

const principalOf = (asked: Case): Principal => {
  const { who } = asked;
  if (who === "anonymous") return anonymousPrincipal;
  const [of = "", as = ""] = who.split("-");
  const account = recordOf(of as Account);
  const { accountId, canonicalId } = account;
  const isRoot = as === "root";
  const user = of === "owner" ? arns.ownerUser : arns.otherUser;
  const kinds = { root: "root", user: "user", role: "role-session" } as const;
  const arn = { root: `arn:aws:iam::${accountId}:root`, user, role: arns.ownerSession };
  return {
    account,
    name: as,
    role: as === "role" ? "session" : isRoot ? "root" : "user",
    accessKeyId: "AK",
    identity: {
      kind: kinds[as as keyof typeof kinds],
      accountId,
      canonicalId,
      arn: arn[as as keyof typeof arn],
      roleArn: as === "role" ? arns.ownerRole : null,
      roleId: null,
      userId: "id",
    },
    userName: as === "user" ? "name" : null,
    tags: [],
    policies: isRoot ? [] : ownPolicies(asked),
    boundary: isRoot ? null : boundaryOf(asked),
    sessionPolicies: null,
    isUnbounded: isRoot,
    temporary: null,
  };
};

const principalNamed = ({ names }: NamingStatement): unknown => {
  switch (names) {
    case "everybody":
      return { AWS: ["*"] };
    case "owner":
      return { AWS: accountIds.owner };
    case "other":
      return { AWS: `arn:aws:iam::${accountIds.other}:root` };
    case "canonical other":
      return { CanonicalUser: canonicalOf("other") };
    default:
      return { AWS: arns[names] };
  }
};

const policyText = (asked: Case): string | undefined => {
  if (asked.policy === null) return undefined;
  const Statement = asked.policy.map((one) => ({
    Effect: one.effect,
    Principal: principalNamed(one),
    Action: actionOf(one, asked),
    Resource: [`arn:aws:s3:::${bucket.name}`, `arn:aws:s3:::${bucket.name}/*`],
    ...conditionOf(one),
  }));
  const text = JSON.stringify({ Version: "2012-10-17", Statement });
  parseBucketPolicy(text, bucket.name);
  return text;
};

const aclOf = ({ owner, grants }: Acl): AccessControlList => ({
  ownerId: canonicalOf(owner),
  grants: grants.map(({ to, permission }) => ({
    permission,
    grantee:
      to === "all" || to === "authenticated"
        ? { kind: "group", uri: to === "all" ? "AllUsers" : "AuthenticatedUsers" }
        : { kind: "user", id: canonicalOf(to) },
  })),
});

const blockOf = ({ ignoresAcls, restricts }: Flags): PublicAccessBlock => ({
  blockPublicAcls: false,
  ignorePublicAcls: ignoresAcls,
  blockPublicPolicy: false,
  restrictPublicBuckets: restricts,
});

const configuredBy = (asked: Case): ConfiguredBucket => {
  const text = policyText(asked);
  const values: Partial<BucketConfiguration> = {
    ...(text === undefined ? {} : { policy: text }),
    ...(asked.bucketAcl === null ? {} : { acl: aclOf(asked.bucketAcl) }),
    ...(asked.ownership === null ? {} : { ownershipControls: asked.ownership }),
    ...(asked.bucketBlock === null ? {} : { publicAccessBlock: blockOf(asked.bucketBlock) }),
  };
  const isForeign = asked.object?.acl !== null && asked.object?.acl.owner !== "owner";
  const get = <F extends ConfigurationField>(field: F): BucketConfiguration[F] | null => values[field] ?? null;
  return {
    row: {
      state: "open",
      versioning: "Off",
      createdMs: 0,
      quota: { bytes: null, objects: null },
      fields: 0,
      configuredSeq: Object.keys(values).length > 0 || isForeign ? 1 : 0,
    },
    get,
    derived: (field, make) => {
      const value = get(field);
      return value === null ? null : make(value);
    },
  };
};

const viewOf = (asked: Case): ObjectView | null => {
  const { object } = asked;
  if (object === null) return null;
  const metadata = {
    tagging: object.isRed ? "class=red" : "class=blue",
    ...(object.acl === null ? {} : { acl: aclOf(object.acl) }),
  };
  // The judge looks at nothing else.
  return { isDeleteMarker: false, metadata } as unknown as ObjectView;
};

const absent = { get: () => undefined, has: () => false, entries: () => [] };

export interface Judged {
  readonly isAllowed: boolean;
  /** Whether the object had to be looked at. */
  readonly wasOpen: boolean;
}

export function judge(asked: Case): Judged {
  const configured = configuredBy(asked);
  const block = asked.accountBlock === null ? undefined : blockOf(asked.accountBlock);
  const control = {
    account: (accountId: string) => records.get(accountId),
    record: <T>(): T | undefined => block as T | undefined,
  };
  const facts = {
    place: { address: clientAddress, secure: false },
    headers: absent,
    query: new Map<string, string>(),
    nowMs: 0,
    authType: null,
    signatureVersion: null,
    timestamp: "",
    asked: null,
    begun: null,
  };
  const judging = new Judge(principalOf(asked), facts, new BucketRules({ of: () => configured }, control));
  const resource = isObjectAction(asked.action) ? objectResource(bucket, key) : bucketResource(bucket);
  try {
    judging.require(asked.action, resource);
    const wasOpen = judging.isOpen;
    if (wasOpen) judging.settle(placeOf(bucket.id, key), viewOf(asked));
    judging.requireSettled();
    return { isAllowed: true, wasOpen };
  } catch (error) {
    if (!(error instanceof S3Error) || error.code !== "AccessDenied") throw error;
    return { isAllowed: false, wasOpen: judging.isOpen };
  }
}
