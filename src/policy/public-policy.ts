/**
 * Whether a bucket policy is public: whether it lets anybody in who is not named by a fixed value. Pure.
 * Source: AWS S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of 'public'".
 */

import type { PolicyCondition, PolicyDocument, PolicyStatement } from "./document.ts";

/** Public until every statement that allows is found to be bound to fixed values. Denials are not weighed. */
export function isPublicPolicy({ statements }: PolicyDocument): boolean {
  return statements.some((statement) => statement.effect === "Allow" && !isBound(statement));
}

function isBound({ principals, conditions }: PolicyStatement): boolean {
  if (principals !== null && !principals.negated && !principals.any) return true;
  return conditions.some(isFixed);
}

/** Keys, lower case, whose fixed value says who may come. */
const boundKeys: ReadonlySet<string> = new Set([
  "aws:principalaccount",
  "aws:principalarn",
  "aws:principalorgid",
  "aws:principalorgpaths",
  "aws:sourceaccount",
  "aws:sourcearn",
  "aws:sourceorgid",
  "aws:sourceorgpaths",
  "aws:sourceowner",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:userid",
  "s3:dataaccesspointaccount",
  "s3:x-amz-server-side-encryption-aws-kms-key-id",
]);

const matching: ReadonlySet<string> = new Set([
  "StringEquals",
  "StringEqualsIgnoreCase",
  "StringLike",
  "ArnEquals",
  "ArnLike",
]);

/** A condition that also holds without its key binds nobody. */
function isFixed({ operator, ifExists, quantifier, key, values }: PolicyCondition): boolean {
  if (ifExists || quantifier === "ForAllValues") return false;
  const name = key.toLowerCase();
  if (name === "aws:sourceip") return operator === "IpAddress" && values.every(isNarrow);
  if (!matching.has(operator)) return false;
  if (name === "s3:dataaccesspointarn") return values.every((value) => accessPointsOfOneAccount.test(value));
  return boundKeys.has(name) && values.every((value) => !/[*?]|\$\{/.test(value));
}

/** The names of access points may have wildcards, the account may not. */
const accessPointsOfOneAccount = /^arn:aws:s3:[^:$]*:\d{12}:accesspoint\/[^$]*$/;

/** At most a /8 of IPv4 or a /32 of IPv6. */
function isNarrow(range: string): boolean {
  const [address = "", prefix] = range.split("/");
  if (address.includes("$")) return false;
  if (prefix === undefined) return true;
  const bits = Number(prefix);
  return bits >= (address.includes(":") ? 32 : 8);
}
