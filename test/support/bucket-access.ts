/** Accounts for tests of who comes to a bucket, each with users of few rights and of many, and the policies that let them. */

import { testKeys } from "./node-process.ts";

interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const keys = new Map<string, KeyPair>();

const keyOf = (name: string): KeyPair => {
  const key = { accessKeyId: `AKACCESS${keys.size}`, secretAccessKey: `a-secret-of-${name}` };
  keys.set(name, key);
  return key;
};

/** To sign as a user, or as the Root of a customer. */
export const as = (name: string): KeyPair => {
  const key = keys.get(name);
  if (key === undefined) throw new Error(`there is no user ${name}`);
  return key;
};

/** A policy of a user. */
export const allow = (Action: string | string[]) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action, Resource: "*" }],
});

const user = (name: string, policies: unknown[]) => ({
  name,
  email: `${name}@example.com`,
  role: "user",
  policies,
  keys: [keyOf(name)],
});

const account = (accountId: string, kind: string, rootKeys: object[], users: object[]) => ({
  accountId,
  canonicalId: `canonical-${accountId}`,
  ...(kind === "operator" ? {} : { parent: "100000000000" }),
  displayName: `account ${accountId}`,
  kind,
  root: { email: `root@${accountId}.example.com`, keys: rootKeys },
  users,
});

/** Of an identities document: the operator's, whose buckets they are, and two customers'. */
export const accounts = [
  account("100000000000", "operator", [testKeys], [user("nobody", []), user("full", ["AdministratorAccess"])]),
  account(
    "300000000000",
    "customer",
    [keyOf("strangers-root")],
    [user("stranger", [allow("s3:*")]), user("bystander", [])],
  ),
  account("400000000000", "customer", [keyOf("bound-root")], []),
];

/** The guide's own, with its odd version and its empty Sid. */
export const guidePolicy = (bucket: string) => ({
  Version: "2019-10-17",
  Statement: [
    {
      Sid: "",
      Effect: "Allow",
      Principal: { AWS: ["*"] },
      Action: ["s3:GetBucketLocation"],
      Resource: [`arn:aws:s3:::${bucket}`],
    },
    {
      Sid: "",
      Effect: "Allow",
      Principal: { AWS: ["*"] },
      Action: ["s3:GetObject"],
      Resource: [`arn:aws:s3:::${bucket}/*`],
    },
  ],
});

/** Of the bucket and of all that it holds. */
export const statement = (
  bucket: string,
  Effect: string,
  Principal: unknown,
  Action: string | string[],
  Condition?: object,
) => ({
  Effect,
  Principal,
  Action,
  Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
  ...(Condition === undefined ? {} : { Condition }),
});

export const policyOf = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
