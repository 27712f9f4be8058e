/** The managed policies that the product brings along: of no account, attachable in every one, never changed. */

import { builtInPolicyArn } from "../control/identity-ids.ts";

export interface BuiltInPolicy {
  readonly name: string;
  readonly description: string;
  /** The document as JSON text. */
  readonly text: string;
}

const administratorAccess: BuiltInPolicy = {
  name: "AdministratorAccess",
  description: "Everything in the account",
  text: JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] }),
};

/** By ARN, in the order of their names. */
export const builtInPolicies: ReadonlyMap<string, BuiltInPolicy> = new Map([
  [builtInPolicyArn(administratorAccess.name), administratorAccess],
]);
