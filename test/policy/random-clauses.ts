/** Random Action, Resource and Principal elements that meet a request, or just miss it. */

import { away, user } from "./case-rows.ts";
import type { Digits } from "./digits.ts";
import type { PlainPrincipal, PlainRequest, RawPrincipal, RawStatement } from "./raw.ts";

type ActionClause = Pick<RawStatement, "Action" | "NotAction">;
type ResourceClause = Pick<RawStatement, "Resource" | "NotResource">;
type PrincipalClause = Pick<RawStatement, "Principal" | "NotPrincipal">;

/** The same letters in the other case, as far as they are ASCII. */
const flipped = (text: string): string => (text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase());

const cut = (text: string, digits: Digits, from: number): number =>
  from + digits.below(Math.max(1, text.length - from));

export function actionClause(action: string, isMet: boolean, digits: Digits): ActionClause {
  const at = cut(action, digits, 3);
  const star = `${action.slice(0, at)}*`;
  const question = `${action.slice(0, at)}?${action.slice(at + 1)}`;
  const meeting = [action, flipped(action), star, question, "s3:*", "*", flipped(star)];
  const missing = [`${action}X`, action.slice(0, -1), `${question}?`, "s3:RestoreObject", "iam:*", "s3:Abort*"];
  const isNegated = digits.isOneIn(5);
  const patterns = digits.of(isMet !== isNegated ? meeting : missing);
  const list = digits.isOneIn(3) ? [digits.of(missing), patterns] : patterns;
  return isNegated ? { NotAction: list } : { Action: list };
}

const dollar = "$";

/** Writes the characters that a pattern would misread as variables; without variables there is no way to. */
const escaped = (text: string, version: string): string =>
  version === "2008-10-17" ? text : text.replace(/[*?$]/g, (character) => `${dollar}{${character}}`);

/** @param place where the statement stands: a bucket policy names resources by their ARN */
export function resourceClause(
  request: PlainRequest,
  version: string,
  place: string,
  isMet: boolean,
  digits: Digits,
): ResourceClause {
  const { resource } = request;
  const lead = "arn:aws:s3:::".length;
  const [user] = request.context["aws:username"] ?? [];
  const characters = [...resource];
  const at = cut(characters.join(""), digits, lead + 1) % characters.length;
  const from = Math.max(at, lead);
  const before = escaped(characters.slice(0, from).join(""), version);
  const after = escaped(characters.slice(from + 1).join(""), version);
  const end = escaped(characters.slice(from + 1 + digits.below(4)).join(""), version);
  const exact = escaped(resource, version);
  const own = user === undefined || version === "2008-10-17" ? exact : exact.replace(user, `${dollar}{aws:username}`);
  const fallback = version === "2008-10-17" ? exact : `${before}${dollar}{aws:FederatedProvider, '*'}*`;
  const everything = place === "resource" ? "arn:aws:s3:::*" : "*";
  const meeting = [exact, `${before}*`, `${before}?${after}`, `${before}*${end}`, "arn:aws:s3:::*", everything, own];
  const missing = [
    `${exact}x`,
    `${before}?${after}?`,
    resource.slice(0, lead) + escaped(flipped(resource.slice(lead)), version),
    "arn:aws:s3:::bucket2/*",
    "arn:aws:s3:::bucke",
    `${before}/*/*/*/x`,
    fallback,
    version === "2008-10-17" ? "arn:aws:s3:::other" : `arn:aws:s3:::bucket/${dollar}{aws:SourceIdentity}`,
  ];
  const isNegated = digits.isOneIn(5);
  const pattern = digits.of(isMet !== isNegated ? meeting : missing);
  const list = digits.isOneIn(3) ? [digits.of(missing), pattern] : pattern;
  return isNegated ? { NotResource: list } : { Resource: list };
}

const carol = "arn:aws:iam::111122223333:user/carol";
const strangers: readonly RawPrincipal[] = [
  { AWS: carol },
  { AWS: [carol, "999999999999"] },
  { AWS: "arn:aws:iam::999999999999:root" },
  { Service: "s3.amazonaws.com" },
  { AWS: "arn:aws:sts::111122223333:assumed-role/app/two" },
];

/** How a policy may name a caller; the forms differ in what they grant. */
export type Naming = "everyone" | "itself" | "role" | "account";

export function naming(caller: PlainPrincipal, form: Naming, digits: Digits): RawPrincipal {
  if (form === "everyone" || caller.kind === "anonymous")
    return digits.of<RawPrincipal>(["*", { AWS: "*" }, { AWS: ["*"] }]);
  const { arn, roleArn, accountId, canonicalId } = caller;
  const account: readonly RawPrincipal[] = [
    { AWS: accountId },
    { AWS: [`arn:aws:iam::${accountId}:root`] },
    { CanonicalUser: canonicalId },
    { AWS: "999999999999", CanonicalUser: [canonicalId] },
  ];
  if (form === "account" || caller.kind === "root") return digits.of(account);
  const name = form === "role" && roleArn !== null ? roleArn : arn;
  return digits.of<RawPrincipal>([{ AWS: name }, { AWS: [carol, name] }, { AWS: name, Service: "s3.amazonaws.com" }]);
}

const chainOf = (caller: PlainPrincipal): readonly string[] =>
  caller.kind === "anonymous"
    ? [carol, "arn:aws:iam::111122223333:root"]
    : [caller.arn, ...(caller.roleArn === null ? [] : [caller.roleArn]), `arn:aws:iam::${caller.accountId}:root`];

export function principalClause(
  caller: PlainPrincipal,
  effect: string,
  form: Naming,
  isMet: boolean,
  digits: Digits,
): PrincipalClause {
  if (effect === "Allow" || !digits.isOneIn(4)) {
    return { Principal: isMet ? naming(caller, form, digits) : digits.of(strangers) };
  }
  if (isMet) {
    const others = [user("carol"), user("dave", away)].filter((other) => other.kind !== "anonymous");
    return { NotPrincipal: { AWS: chainOf(digits.of(others)) } };
  }
  // Nobody known cannot be spared but with everybody.
  return { NotPrincipal: caller.kind === "anonymous" ? { AWS: "*" } : { AWS: chainOf(caller) } };
}
