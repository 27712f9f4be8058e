/** Resource policies as they are stored: the text as it was put, and whom its ARNs stood for then. Pure. */

import { type PolicyDocument, type PolicyKind, parsePolicy } from "./document.ts";

/** A policy that names users, roles or sessions of roles. */
export interface BoundPolicy {
  readonly text: string;
  /**
   * By ARN, the unique id that it stood for: `{"arn:aws:iam::111122223333:user/ann": "TRPUABCDEFGHIJKLMNOP"}`. A session's id is
   * that of its role, ":" and its name.
   */
  readonly principals: Readonly<Record<string, string>>;
}

/** A text alone names no such principals, or was put by a release that did not bind them: then its ARNs are compared. */
export type StoredPolicy = string | BoundPolicy;

export const policyText = (stored: StoredPolicy): string => (typeof stored === "string" ? stored : stored.text);

/** The document with unique ids in place of the ARNs that stood for them. @throws PolicyError */
export function parseStoredPolicy(stored: StoredPolicy, kind: Exclude<PolicyKind, "identity">): PolicyDocument {
  const document = parsePolicy(policyText(stored), kind);
  if (typeof stored === "string") return document;
  const ids = new Map(Object.entries(stored.principals));
  const statements = document.statements.map((statement) => {
    const { principals } = statement;
    if (principals === null) return statement;
    return { ...statement, principals: { ...principals, aws: principals.aws.map((id) => ids.get(id) ?? id) } };
  });
  return { ...document, statements };
}

/**
 * The text with other names for principals; nothing else of the document changes, but its white space goes.
 * @param names by the ARN in the text
 */
export function withPrincipals(text: string, names: ReadonlyMap<string, string>): string {
  const named = (id: unknown): unknown => (typeof id === "string" ? (names.get(id) ?? id) : id);
  // No other element of a policy can have these names.
  const document: unknown = JSON.parse(text, (element, value: unknown) => {
    if (element !== "Principal" && element !== "NotPrincipal") return value;
    if (typeof value !== "object" || value === null || !("AWS" in value)) return value;
    const { AWS } = value;
    return { ...value, AWS: Array.isArray(AWS) ? AWS.map(named) : named(AWS) };
  });
  return JSON.stringify(document);
}
