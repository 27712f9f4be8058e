/**
 * A bucket's website: what its configuration may say, and where a request for a key is sent. Pure.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html and
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/IndexDocumentSupport.html
 */

import { limits } from "../base/limits.ts";
import { S3Error } from "./errors.ts";

export type WebsiteProtocol = "http" | "https";

/** As stored: what PutBucketWebsite checked. */
export interface Website {
  /** When set, nothing else is. */
  readonly redirectAll: { readonly host: string; readonly protocol: WebsiteProtocol | null } | null;
  /** Added to the key of a directory: `index.html`. */
  readonly indexSuffix: string | null;
  /** Key of the page that is shown for client errors. */
  readonly errorKey: string | null;
  readonly rules: readonly RoutingRule[];
}

export interface RoutingRule {
  /** null: every key. */
  readonly keyPrefix: string | null;
  /** Status that the request has ended in; null: judged before the object is looked for. */
  readonly errorCode: number | null;
  readonly redirect: RuleRedirect;
}

export interface RuleRedirect {
  readonly host: string | null;
  readonly protocol: WebsiteProtocol | null;
  /** 301 to 399; null = 301. */
  readonly code: number | null;
  readonly replaceKeyPrefixWith: string | null;
  readonly replaceKeyWith: string | null;
}

const invalid = (Message: string): S3Error => new S3Error("InvalidRequest", { Message });
const badArgument = (Message: string, ArgumentName: string, ArgumentValue: string | null): S3Error =>
  new S3Error("InvalidArgument", { Message, ArgumentName, ArgumentValue: ArgumentValue ?? "null" });

/** Host, with port and path, as it can stand in a URL: clients of S3 write `example.com/docs` too. */
const hostText = /^[A-Za-z0-9.\-_~:[\]/%]{1,2048}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const control = /[\x00-\x1f\x7f]/;

const checkHost = (host: string): void => {
  if (!hostText.test(host)) throw invalid("The HostName of a redirect is not valid.");
};

/**
 * Checks a whole configuration.
 * @throws S3Error InvalidArgument (index or error document), InvalidRequest (contradictions, codes, more than
 * `limits.websiteRoutingRulesMax` rules), MalformedXML (a redirect that says nothing)
 */
export function checkWebsite({ redirectAll, indexSuffix, errorKey, rules }: Website): void {
  if (redirectAll !== null) {
    checkHost(redirectAll.host);
    if (indexSuffix === null && errorKey === null && rules.length === 0) return;
    throw invalid("RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.");
  }
  if (indexSuffix === null) {
    const why = "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty";
    throw badArgument(why, "IndexDocument", null);
  }
  if (indexSuffix === "" || indexSuffix.includes("/") || control.test(indexSuffix)) {
    throw badArgument("The IndexDocument Suffix is not well formed", "IndexDocument", indexSuffix);
  }
  if (errorKey !== null && (errorKey === "" || Buffer.byteLength(errorKey) > limits.keyBytesMax)) {
    throw badArgument("The ErrorDocument Key is not well formed", "ErrorDocument", errorKey);
  }
  if (rules.length > limits.websiteRoutingRulesMax) {
    const { websiteRoutingRulesMax: max } = limits;
    throw invalid(
      `${rules.length} routing rules provided, the number of routing rules in a website configuration is limited to ${max}.`,
    );
  }
  for (const rule of rules) checkRule(rule);
}

const checkRule = ({ errorCode, keyPrefix, redirect }: RoutingRule): void => {
  const { host, protocol, code, replaceKeyPrefixWith, replaceKeyWith } = redirect;
  if (host === null && protocol === null && code === null && replaceKeyPrefixWith === null && replaceKeyWith === null) {
    throw new S3Error("MalformedXML", { Reason: "Redirect is empty" });
  }
  if (replaceKeyPrefixWith !== null && replaceKeyWith !== null) {
    throw invalid("You can only define ReplaceKeyPrefix or ReplaceKey but not both.");
  }
  if (host !== null) checkHost(host);
  if (code !== null && (!(code > 300 && code < 400) || code === 304)) {
    throw invalid(`The provided HTTP redirect code (${code}) is not valid. Valid codes are 3XX except 300.`);
  }
  if (errorCode !== null && !(errorCode >= 400 && errorCode < 600)) {
    throw invalid(`The provided HTTP error code (${errorCode}) is not valid. Valid codes are 4XX or 5XX.`);
  }
  for (const text of [keyPrefix, replaceKeyPrefixWith, replaceKeyWith]) {
    if (text !== null && (control.test(text) || Buffer.byteLength(text) > limits.keyBytesMax)) {
      throw invalid("A key or prefix of a routing rule is not valid.");
    }
  }
};

/**
 * The first rule that a request meets.
 * @param errorCode status that it has ended in; null before the object is looked for
 */
export const ruleFor = (rules: readonly RoutingRule[], key: string, errorCode: number | null): RoutingRule | null =>
  rules.find((rule) => rule.errorCode === errorCode && key.startsWith(rule.keyPrefix ?? "")) ?? null;

/** Where a request came to: what a redirect leaves as it was. */
export interface WebsiteOrigin {
  /** With its port. */
  readonly host: string;
  readonly protocol: WebsiteProtocol;
}

/** A key as the path of a URL. */
export const keyPath = (key: string): string => key.split("/").map(encodeURIComponent).join("/");

/** What owners write may hold `#`, `?` and escapes on purpose; only what no URL can hold is encoded. */
const urlText = (text: string): string =>
  text.replace(/[^\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]/gu, encodeURIComponent);

/**
 * An absolute URL. Never a relative one: `//other.example` would be another host.
 * @returns value of a Location header, ASCII
 */
export function ruleLocation({ keyPrefix, redirect }: RoutingRule, key: string, origin: WebsiteOrigin): string {
  const { replaceKeyWith, replaceKeyPrefixWith } = redirect;
  const base = `${redirect.protocol ?? origin.protocol}://${redirect.host ?? origin.host}/`;
  if (replaceKeyWith !== null) return base + urlText(replaceKeyWith);
  if (replaceKeyPrefixWith === null) return base + keyPath(key);
  return base + urlText(replaceKeyPrefixWith) + keyPath(key.slice((keyPrefix ?? "").length));
}

/** The key that a path names: a directory is its index document. */
export const indexedKey = (key: string, indexSuffix: string): string =>
  key === "" || key.endsWith("/") ? key + indexSuffix : key;
