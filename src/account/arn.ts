/** ARNs of IAM: of users, groups, roles and policies. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */

import { identityKeys, rootUserName } from "../control/identity-records.ts";

export type EntityKind = "user" | "group" | "role" | "policy";

/** @param path begins and ends with "/" */
export function entityArn(kind: EntityKind, accountId: string, path: string, name: string): string {
  if (kind === "user" && name === rootUserName) return `arn:aws:iam::${accountId}:root`;
  return `arn:aws:iam::${accountId}:${kind}${path}${name}`;
}

export interface PolicyArn {
  /** null: a policy of the product. */
  readonly accountId: string | null;
  readonly path: string;
  readonly name: string;
}

/** The parts of a managed policy's ARN; null when it is not one. */
export function parsePolicyArn(arn: string): PolicyArn | null {
  const match = /^arn:aws:iam::(\d{12}|aws):policy(\/(?:[\x21-\x7e]*\/)?)([\w+=,.@-]{1,128})$/.exec(arn);
  if (match === null) return null;
  const [, owner = "", path = "/", name = ""] = match;
  return { accountId: owner === "aws" ? null : owner, path, name };
}

/** The record of an account's own managed policy; null for what is no such ARN. The name alone counts: paths are no part of a name. */
export function managedPolicyKey(arn: string): string | null {
  const parsed = parsePolicyArn(arn);
  return parsed === null || parsed.accountId === null ? null : identityKeys.policy(parsed.accountId, parsed.name);
}
