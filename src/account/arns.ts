/** ARNs of identities and policies. Source: AWS "IAM ARNs". */

import { identityKeys } from "../control/identity-records.ts";

const policyArn = /^arn:aws:iam::(\d{12}):policy\/(?:[!-~]+\/)?([\w+=,.@-]{1,128})$/;

/** The record of an account's own managed policy; null for what is no such ARN. The name alone counts: paths are no part of a name. */
export function managedPolicyKey(arn: string): string | null {
  const match = policyArn.exec(arn);
  if (match === null) return null;
  const [, accountId = "", name = ""] = match;
  return identityKeys.policy(accountId, name);
}
