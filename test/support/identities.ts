/** Identities documents of tests, and clients that sign as who is in them. */

import { S3Client } from "@aws-sdk/client-s3";
import type { Stand } from "./each-front.ts";
import { testKeys } from "./node-process.ts";

/** Of the user or Root that a test calls so. */
export const keysOf = (name: string) => ({ accessKeyId: `AKTEST${name}`, secretAccessKey: `a-secret-of-${name}` });

/** @param statements of the only policy of the user */
export const userWith = (name: string, statements: readonly object[]) => ({
  name,
  email: `${name}@example.com`,
  role: "user",
  policies: [{ Version: "2012-10-17", Statement: statements }],
  keys: [keysOf(name)],
});

/** The account that the stand's own client signs for. */
export const operatorWith = (users: readonly object[]) => ({
  accountId: "100000000000",
  canonicalId: "operator",
  displayName: "operator",
  kind: "operator",
  root: { email: "root@example.com", keys: [testKeys] },
  users,
});

export const clientOf = ({ endpoint }: Pick<Stand, "endpoint">, name: string): S3Client =>
  new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1, credentials: keysOf(name) });
