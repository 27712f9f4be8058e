/** Decides whether a request is allowed. Pure; never waits: what depends on an object's state is left for the bucket's turn. */

import { allowedBy } from "./decision.ts";
import { Inquiry } from "./inquiry.ts";
import { type AccessRequest, type AclSide, noAcl, type PolicySets } from "./request.ts";
import { type Residual, residualOf } from "./residual.ts";
import { no, yes } from "./truth.ts";

export { type Residual, type SettledAcl, settle } from "./residual.ts";

export type Decision =
  | { readonly effect: "Allow" }
  | { readonly effect: "ExplicitDeny" }
  | { readonly effect: "ImplicitDeny" }
  | { readonly effect: "Deferred"; readonly residual: Residual };

const allow: Decision = Object.freeze({ effect: "Allow" });
const explicitDeny: Decision = Object.freeze({ effect: "ExplicitDeny" });
const implicitDeny: Decision = Object.freeze({ effect: "ImplicitDeny" });

/**
 * Judges a request by the policies that have a say.
 * @returns Deferred when, and only when, a key whose value is "deferred" or an ACL that is not known yet makes the difference;
 * `settle` ends it
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluate(request: AccessRequest, sets: PolicySets, acl: AclSide = noAcl): Decision {
  return decide(new Inquiry(request, sets, acl));
}

export function decide(inquiry: Inquiry): Decision {
  const denied = inquiry.denied();
  if (denied === yes) return explicitDeny;
  if (inquiry.acl.isOwnerOpen) return { effect: "Deferred", residual: residualOf(inquiry) };
  const allowed = allowedBy(inquiry.rule, inquiry.part);
  if (denied === no && allowed === yes) return allow;
  if (denied === no && allowed === no) return implicitDeny;
  return { effect: "Deferred", residual: residualOf(inquiry) };
}
