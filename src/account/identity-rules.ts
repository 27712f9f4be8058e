/**
 * What names, paths, tags, addresses and documents of identities look like; everything else is refused with its reason. Pure.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html and the IAM API reference.
 */

import { isIP } from "node:net";
import { limits } from "../base/limits.ts";
import { type AccountRecord, type Quota, rootUserName, type Tag } from "../control/identity-records.ts";
import { type PolicyDocument, PolicyError, type PolicyKind, parsePolicy } from "../policy/document.ts";
import { overQuota, Refusal } from "./refusal.ts";

export type NamedKind = "user" | "group" | "role" | "policy";

const nameCharsMax: Readonly<Record<NamedKind, number>> = {
  user: limits.userNameCharsMax,
  group: limits.groupNameCharsMax,
  role: limits.roleNameCharsMax,
  policy: limits.policyNameCharsMax,
};

/** @throws Refusal InvalidInput */
export function checkName(kind: NamedKind, name: string): void {
  const max = nameCharsMax[kind];
  if (!/^[\w+=,.@-]+$/.test(name) || name.length > max) {
    throw invalid(`The ${kind} name must be 1 to ${max} of A-Z a-z 0-9 _ + = , . @ -`);
  }
  if (kind !== "user") return;
  if (name.toLowerCase() === rootUserName) throw invalid(`The user name ${rootUserName} is the account's Root.`);
  // The CSV file that a key pair is handed out in has no quoting.
  if (name.includes(",")) throw invalid("The user name must not have a comma.");
}

/** @throws Refusal InvalidInput */
export function checkPath(path: string): void {
  if (!/^\/(?:[\x21-\x7e]+\/)?$/.test(path) || path.length > limits.identityPathCharsMax) {
    throw invalid(
      `The path must begin and end with a slash and have at most ${limits.identityPathCharsMax} characters.`,
    );
  }
}

/** @throws Refusal InvalidInput */
export function checkDescription(description: string | null): void {
  if (description === null) return;
  if (description.length > limits.descriptionCharsMax || /(?![\t\n\r])\p{Cc}/u.test(description)) {
    throw invalid(
      `The description must be at most ${limits.descriptionCharsMax} characters without control characters.`,
    );
  }
}

/** @returns the address as it is stored: in lower case @throws Refusal InvalidInput */
export function checkEmail(email: string): string {
  const address = email.toLowerCase();
  if (!/^[^\s@,/\p{Cc}]+@[^\s@,/\p{Cc}]+$/u.test(address) || Buffer.byteLength(address) > limits.emailBytesMax) {
    throw invalid(`The e-mail address is not one, or has more than ${limits.emailBytesMax} bytes.`);
  }
  return address;
}

/** @throws Refusal InvalidInput, LimitExceeded */
export function checkTags(tags: readonly Tag[]): void {
  if (tags.length > limits.tagsPerIdentityMax) throw overQuota("TagsPerResource", limits.tagsPerIdentityMax);
  const seen = new Set<string>();
  for (const { key, value } of tags) {
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u.test(key) || key.length > limits.tagKeyCharsMax) {
      throw invalid(`A tag's key must be 1 to ${limits.tagKeyCharsMax} letters, digits, spaces, _ . : / = + - @`);
    }
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(value) || value.length > limits.tagValueCharsMax) {
      throw invalid(
        `A tag's value must be at most ${limits.tagValueCharsMax} letters, digits, spaces, _ . : / = + - @`,
      );
    }
    if (key.toLowerCase().startsWith("aws:")) throw invalid("Tag keys that begin with aws: are reserved.");
    // IAM tells tags apart by their keys without case.
    if (seen.has(key.toLowerCase())) throw invalid("Duplicate tag keys found.");
    seen.add(key.toLowerCase());
  }
}

/** `before` with `tags` put in; a key in another case is the same tag. @throws Refusal */
export function withTags(before: readonly Tag[], tags: readonly Tag[]): Tag[] {
  checkTags(tags);
  const named = new Map(tags.map((tag) => [tag.key.toLowerCase(), tag]));
  const kept = before.filter(({ key }) => !named.has(key.toLowerCase()));
  const all = [...kept, ...tags];
  if (all.length > limits.tagsPerIdentityMax) throw overQuota("TagsPerResource", limits.tagsPerIdentityMax);
  return all;
}

export function withoutTags(before: readonly Tag[], keys: readonly string[]): Tag[] {
  const gone = new Set(keys.map((key) => key.toLowerCase()));
  return before.filter(({ key }) => !gone.has(key.toLowerCase()));
}

/** Characters that count towards a policy's size: IAM leaves white space out. */
export function policyChars(document: string): number {
  return document.replace(/\s/g, "").length;
}

/** @param charsMax without white space; `quota` is its name @throws Refusal MalformedPolicyDocument, LimitExceeded */
export function checkPolicy(document: string, kind: PolicyKind, quota: string, charsMax: number): PolicyDocument {
  if (Buffer.byteLength(document) > limits.policyBytesMax || policyChars(document) > charsMax) {
    throw overQuota(quota, charsMax);
  }
  try {
    return parsePolicy(document, kind);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new Refusal("MalformedPolicyDocument", error.message);
  }
}

/** Labels that would be mistaken for the product's own host names. */
const reservedLabels: ReadonlySet<string> = new Set(["s3", "www", "admin", "console", "s3-website"]);

/** @throws Refusal InvalidInput */
export function checkLabel(label: string | null): void {
  if (label === null) return;
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label)) {
    throw invalid("The label must be 1 to 63 of a-z 0-9 -, and neither begin nor end with a hyphen.");
  }
  if (reservedLabels.has(label)) throw invalid(`The label ${label} is reserved.`);
}

/** @throws Refusal InvalidInput */
export function checkDisplayName(name: string): void {
  if (name === "" || name.length > limits.accountNameCharsMax || /\p{Cc}/u.test(name)) {
    throw invalid(`The name must be 1 to ${limits.accountNameCharsMax} characters without control characters.`);
  }
}

/** @throws Refusal InvalidInput */
export function checkContact(contact: string | null): void {
  if (contact !== null) checkDisplayName(contact);
}

/** @throws Refusal InvalidInput */
export function checkQuota(quota: Quota): void {
  for (const value of [quota.bytes, quota.objects, quota.buckets]) {
    if (value !== null && (!Number.isSafeInteger(value) || value < 0)) {
      throw invalid("A quota is a whole number, 0 or more, or null.");
    }
  }
}

/** IP addresses and CIDR ranges. @throws Refusal InvalidInput, LimitExceeded */
export function checkAddressRanges(ranges: AccountRecord["addressRanges"]): void {
  if (ranges.length > limits.addressRangesPerAccountMax) {
    throw overQuota("AddressRangesPerAccount", limits.addressRangesPerAccountMax);
  }
  for (const range of ranges) {
    const [address = "", bits, ...rest] = range.split("/");
    const family = isIP(address);
    const isPrefix = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
    if (family === 0 || rest.length > 0 || !isPrefix || address.includes("%")) {
      throw invalid(`${JSON.stringify(range.slice(0, 64))} is neither an IP address nor a CIDR range.`);
    }
  }
}

export function invalid(message: string): Refusal {
  return new Refusal("InvalidInput", message);
}
