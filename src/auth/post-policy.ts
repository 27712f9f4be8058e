/**
 * The policy of a POST form: what its signer lets the form say. Pure.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */

import { z } from "zod";
import { limits } from "../base/limits.ts";
import { S3Error } from "../s3/errors.ts";

/** Fields of a form by their lower-case names, as they are after `${filename}` was put in. */
export type FormFields = ReadonlyMap<string, string>;

/** Sizes of the file in bytes, both inclusive. */
export interface LengthRange {
  readonly min: number;
  readonly max: number;
}

type FieldCondition = {
  readonly kind: "eq" | "starts-with";
  /** Lower case, without "$". */
  readonly field: string;
  readonly value: string;
};

type Condition = FieldCondition | ({ readonly kind: "content-length-range" } & LengthRange);

const shape = z.object({ expiration: z.string(), conditions: z.array(z.unknown()) }).strict();
const exactShape = z.record(z.string(), z.string());
const matchShape = z.tuple([z.string(), z.string(), z.string()]);
const wholeNumber = z.union([z.number(), z.string().regex(/^\d{1,15}$/)]).transform(Number);
const bytes = wholeNumber.pipe(z.int().nonnegative());
const rangeShape = z.tuple([z.string(), bytes, bytes]);

/** ISO 8601 in UTC, as AWS's examples write it. */
const expirationPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/** Fields that no condition needs to name. */
const freeFields: ReadonlySet<string> = new Set(["policy", "signature", "x-amz-signature", "awsaccesskeyid", "file"]);
const ignoredPrefix = "x-ignore-";

const invalid = (reason: string): S3Error =>
  new S3Error("InvalidPolicyDocument", { Message: `Invalid Policy: ${reason}` });

const denied = (reason: string): S3Error =>
  new S3Error("AccessDenied", { Message: `Invalid according to Policy: ${reason}` });

/**
 * Judges a form by its policy.
 * @param policy base64 of the JSON document, as the form has it
 * @param fields all of the form's, with `bucket` for the bucket of the path or host
 * @returns what the file's size may be
 * @throws S3Error InvalidPolicyDocument for what is no policy; AccessDenied when it has expired, a condition does not
 * hold, or the form has a field that no condition names
 */
export function judgeForm(policy: string, fields: FormFields, nowMs: number): LengthRange {
  const { expiresMs, conditions } = parsePolicy(policy);
  if (expiresMs < nowMs) throw denied("Policy expired.");
  let range: LengthRange = { min: 0, max: limits.singlePutBytesMax };
  const named = new Set<string>();
  for (const condition of conditions) {
    if (condition.kind === "content-length-range") {
      range = { min: Math.max(range.min, condition.min), max: Math.min(range.max, condition.max) };
      continue;
    }
    named.add(condition.field);
    if (!holds(condition, fields)) {
      const { kind, field, value } = condition;
      throw denied(`Policy Condition failed: ${words([kind, `$${field}`, value])}`);
    }
  }
  const extra = [...fields.keys()].filter((name) => !isFree(name) && !named.has(name));
  if (extra.length > 0) throw denied(`Extra input fields: ${extra.join(", ")}`);
  return range;
}

/** A condition as S3 writes it in its messages. */
const words = (condition: readonly string[]): string => `[${condition.map((word) => JSON.stringify(word)).join(", ")}]`;

function isFree(name: string): boolean {
  return freeFields.has(name) || name.startsWith(ignoredPrefix);
}

function holds({ kind, field, value }: FieldCondition, fields: FormFields): boolean {
  const given = fields.get(field) ?? "";
  if (kind === "eq") return given === value;
  // A list of types is a list of values, and each must begin so.
  if (field === "content-type") return given.split(",").every((type) => type.trim().startsWith(value));
  return given.startsWith(value);
}

function parsePolicy(policy: string): { expiresMs: number; conditions: readonly Condition[] } {
  if (policy.length > limits.postPolicyCharsMax) throw invalid("The policy is too long.");
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(policy, "base64").toString("utf8"));
  } catch (error) {
    throw new S3Error("InvalidPolicyDocument", { Message: "Invalid Policy: Invalid JSON." }, { cause: error });
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success) throw invalid("The policy has an expiration and a list of conditions, and nothing else.");
  const { expiration, conditions } = parsed.data;
  const expiresMs = expirationPattern.test(expiration) ? Date.parse(expiration) : Number.NaN;
  if (Number.isNaN(expiresMs)) throw invalid(`Invalid 'expiration' value: '${expiration}'`);
  return { expiresMs, conditions: conditions.flatMap(parseCondition) };
}

function parseCondition(condition: unknown): Condition[] {
  if (!Array.isArray(condition)) {
    const exact = exactShape.safeParse(condition);
    const pairs = exact.success ? Object.entries(exact.data) : [];
    if (pairs.length !== 1) throw invalid(`Invalid Simple-Condition: ${JSON.stringify(condition)}`);
    return pairs.map(([field, value]) => ({ kind: "eq", field: field.toLowerCase(), value }));
  }
  // Fields are named in any case; operators are not.
  const kind: unknown = condition[0];
  if (kind === "content-length-range") {
    const range = rangeShape.safeParse(condition);
    if (!range.success) throw invalid(`Invalid content-length-range: ${JSON.stringify(condition)}`);
    return [{ kind, min: range.data[1], max: range.data[2] }];
  }
  const match = matchShape.safeParse(condition);
  if ((kind !== "eq" && kind !== "starts-with") || !match.success || !match.data[1].startsWith("$")) {
    throw invalid(`Invalid condition: ${JSON.stringify(condition)}`);
  }
  return [{ kind, field: match.data[1].slice(1).toLowerCase(), value: match.data[2] }];
}
