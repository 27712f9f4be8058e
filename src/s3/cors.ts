/**
 * Cross-origin rules of a bucket: what a configuration may say, and which rule meets a request. Pure.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html and the Fetch standard, "CORS protocol".
 */

import { limits } from "../base/limits.ts";
import { S3Error } from "./errors.ts";

/** As stored: what PutBucketCors checked. */
export interface CorsRule {
  readonly id: string | null;
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** Of requests, with at most one `*` each. */
  readonly headers: readonly string[];
  /** Of answers: names a script may read. */
  readonly exposed: readonly string[];
  readonly maxAgeSeconds: number | null;
}

const methods: ReadonlySet<string> = new Set(["GET", "PUT", "POST", "DELETE", "HEAD"]);
const token = /^[!#$%&'+\-.^_`|~0-9A-Za-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const control = /[\x00-\x1f\x7f]/;

const invalid = (Message: string): S3Error => new S3Error("InvalidRequest", { Message });

const checkPattern = (element: string, pattern: string): void => {
  if (pattern === "") throw new S3Error("MalformedXML", { Reason: `${element} is empty` });
  if (control.test(pattern)) throw invalid(`${element} contains invalid character.`);
  if (pattern.indexOf("*") !== pattern.lastIndexOf("*")) {
    throw invalid(`${element} "${pattern}" can not have more than one wildcard.`);
  }
};

const checkExposed = (header: string): void => {
  if (header.includes("*")) {
    throw invalid(`ExposeHeader "${header}" contains wildcard. We currently do not support wildcard for ExposeHeader.`);
  }
  // It becomes part of an answer's head: a line end in it would be a header of its own.
  if (!token.test(header)) throw invalid("ExposeHeader contains invalid character.");
};

/**
 * Checks the rules of one configuration.
 * @throws S3Error InvalidRequest (more than `limits.corsRulesMax` rules, a method S3 has not, a second wildcard, a name that
 * no header can have, an id that is long or stands twice), MalformedXML (no rule, no origin, no method, a negative age)
 */
export function checkCorsRules(rules: readonly CorsRule[]): void {
  if (rules.length === 0) throw new S3Error("MalformedXML", { Reason: "CORSRule is missing" });
  if (rules.length > limits.corsRulesMax) {
    throw invalid(`The number of CORS rules should not exceed allowed limit of ${limits.corsRulesMax} rules.`);
  }
  const ids = new Set<string>();
  for (const rule of rules) {
    checkRule(rule);
    if (rule.id === null) continue;
    if (rule.id.length > limits.ruleIdCharsMax) throw invalid("The ID length should not exceed 255 characters.");
    if (ids.has(rule.id)) throw invalid("Rule ID must be unique. Found the same ID for more than one rule.");
    ids.add(rule.id);
  }
}

const checkRule = ({ origins, methods: named, headers, exposed, maxAgeSeconds }: CorsRule): void => {
  if (origins.length === 0) throw new S3Error("MalformedXML", { Reason: "AllowedOrigin is missing" });
  if (named.length === 0) throw new S3Error("MalformedXML", { Reason: "AllowedMethod is missing" });
  for (const method of named) {
    if (!methods.has(method)) {
      throw invalid(`Found unsupported HTTP method in CORS config. Unsupported method is ${method}`);
    }
  }
  for (const origin of origins) checkPattern("AllowedOrigin", origin);
  for (const header of headers) checkPattern("AllowedHeader", header);
  for (const header of exposed) checkExposed(header);
  if (maxAgeSeconds !== null && maxAgeSeconds < 0) {
    throw new S3Error("MalformedXML", { Reason: "MaxAgeSeconds is negative" });
  }
};

/** Whether S3 takes the method in `Access-Control-Request-Method`. */
export const isCorsMethod = (method: string): boolean => methods.has(method);

/** Text before and after the one `*`; without one, the whole text and null. */
type Pattern = readonly [before: string, after: string | null];

interface CompiledRule {
  readonly origins: readonly Pattern[];
  readonly methods: ReadonlySet<string>;
  readonly headers: readonly Pattern[];
  /** Header values of answers. */
  readonly allowMethods: string;
  readonly exposeHeaders: string | null;
  readonly maxAge: string | null;
}

const compilePattern = (pattern: string): Pattern => {
  const star = pattern.indexOf("*");
  return star === -1 ? [pattern, null] : [pattern.slice(0, star), pattern.slice(star + 1)];
};

const meets = ([before, after]: Pattern, text: string): boolean => {
  if (after === null) return text === before;
  return text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after);
};

/** The rules of a bucket, ready to be met. */
export class CorsMatcher {
  readonly #rules: readonly CompiledRule[];

  constructor(rules: readonly CorsRule[]) {
    this.#rules = rules.map((rule) => ({
      origins: rule.origins.map(compilePattern),
      methods: new Set(rule.methods),
      headers: rule.headers.map((header) => compilePattern(header.toLowerCase())),
      allowMethods: rule.methods.join(", "),
      exposeHeaders: rule.exposed.length === 0 ? null : rule.exposed.join(", "),
      maxAge: rule.maxAgeSeconds === null ? null : String(rule.maxAgeSeconds),
    }));
  }

  /**
   * The answer's headers by the first rule that meets origin, method and every header; null when none does. O(rules).
   * @param origin as sent; compared byte by byte
   * @param headers names of the request's headers, lower case; empty for an actual request
   */
  match(origin: string, method: string, headers: readonly string[]): CorsGrant | null {
    for (const rule of this.#rules) {
      if (!rule.methods.has(method)) continue;
      const pattern = rule.origins.find((candidate) => meets(candidate, origin));
      if (pattern === undefined) continue;
      if (!headers.every((header) => rule.headers.some((candidate) => meets(candidate, header)))) continue;
      const isEverybody = pattern[0] === "" && pattern[1] === "";
      return {
        allowOrigin: isEverybody ? "*" : origin,
        allowsCredentials: !isEverybody,
        allowMethods: rule.allowMethods,
        exposeHeaders: rule.exposeHeaders,
        maxAge: rule.maxAge,
      };
    }
    return null;
  }
}

/** What a rule grants, as header values. */
export interface CorsGrant {
  /** `*` only when the rule says `*`. */
  readonly allowOrigin: string;
  /** False for `*`: browsers refuse the two together. */
  readonly allowsCredentials: boolean;
  readonly allowMethods: string;
  readonly exposeHeaders: string | null;
  readonly maxAge: string | null;
}

/** The names in `Access-Control-Request-Headers`, lower case. */
export const requestedHeaders = (value: string | undefined): string[] =>
  value === undefined
    ? []
    : value
        .split(",")
        .map((name) => name.trim().toLowerCase())
        .filter((name) => name !== "");
