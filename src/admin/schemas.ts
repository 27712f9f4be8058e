/** The members that several rows of the admin API share: names, addresses, documents, times, each with its bounds. */

import { z } from "zod";
import { limits } from "../base/limits.ts";
import { isAddressRange } from "../config/address-range.ts";

export const nothing = z.strictObject({});

export const accountId = z.string().regex(/^\d{12}$/, "must be 12 digits");

/** A name in a path: what has another shape names nothing. */
export const anyName = z.string().min(1).max(128);

/** Source: IAM API reference, CreateUser; without the comma, which would break the CSV of keys. */
export const userName = z
  .string()
  .regex(/^[\w+=.@-]{1,64}$/, "must be 1 to 64 of A-Z a-z 0-9 _ + = . @ -")
  .refine((name) => name !== "root", 'must not be "root": that is the account\'s Root');

/** Source: IAM API reference, CreateGroup, CreatePolicy; roles at most 64. */
export const entityName = (charactersMax: 64 | 128) =>
  z
    .string()
    .max(charactersMax)
    .regex(/^[\w+=,.@-]+$/, "must be of A-Z a-z 0-9 _ + = , . @ -");

/** Source: IAM API reference, "IAM identifiers": begins and ends with a slash. */
export const path = z
  .string()
  .max(limits.identityPathCharsMax)
  .regex(/^\/([\x21-\x7e]+\/)?$/, "must begin and end with /");

export const email = z
  .string()
  .max(limits.emailBytesMax)
  .regex(/^[^\s@,<>"]+@[^\s@,<>"]+$/, "must be an e-mail address");

/** Passwords are bounded in bytes by what the hash takes; how good one has to be the control actor judges. */
export const password = z
  .string()
  .min(1)
  .max(limits.passwordBytesMax)
  .refine(
    (value) => Buffer.byteLength(value) <= limits.passwordBytesMax,
    `must be at most ${limits.passwordBytesMax} bytes`,
  );

/** A TOTP code, or a recovery code. */
export const code = z.string().min(6).max(64);

/** A token from a link. */
export const linkToken = z.string().min(1).max(128);

export const role = z.enum(["admin", "user"]);

export const oneLine = (charactersMax: number) =>
  z
    .string()
    .min(1)
    .max(charactersMax)
    .regex(/^[^\p{Cc}]*$/u, "must not have control characters");

export const description = oneLine(limits.descriptionCharsMax);

export const policyArn = z
  .string()
  .max(2048)
  .regex(/^arn:aws:iam::(\d{12}|aws):policy\/[\x21-\x7e]+$/, "must be the ARN of a managed policy");

/** Source: IAM API reference, Tag. */
export const tags = z
  .array(z.strictObject({ key: oneLine(128), value: z.string().max(256) }))
  .max(limits.tagsPerIdentityMax);

/** A policy as a JSON object or as its text; the text is kept as it is given. Its grammar the control actor judges. */
export const policyDocument = z.union([
  z.string().min(2).max(limits.policyBytesMax),
  z.record(z.string().max(128), z.unknown()),
]);

export const documentText = (document: z.output<typeof policyDocument>): string =>
  typeof document === "string" ? document : JSON.stringify(document);

export const quota = z.strictObject({
  bytes: z.int().min(0).nullable(),
  objects: z.int().min(0).nullable(),
  buckets: z.int().min(0).nullable(),
});

/** Bytes: logical ones of all versions and open parts. */
export const bucketQuota = z.strictObject({
  bytes: z.int().min(0).nullable(),
  objects: z.int().min(0).nullable(),
});

const addressRangesUpTo = (most: number) =>
  z.array(z.string().max(64).refine(isAddressRange, "must be an IP address or a range such as 10.0.0.0/8")).max(most);

export const addressRanges = addressRangesUpTo(limits.addressRangesPerAccountMax);
export const bucketAddresses = addressRangesUpTo(limits.addressRangesPerBucketMax);

/** Source: RFC 1035 section 2.3.1. */
export const label = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be a DNS label in lower case, at most 63 characters");

export const time = z.iso.datetime();
export const atTime = (ms: number): string => new Date(ms).toISOString();
export const atTimeOrNull = (ms: number | null): string | null => (ms === null ? null : atTime(ms));
