/** Who calls an action, and how the actions ask what they may do. */

import type { Principal } from "../account/principal.ts";
import type { Actor } from "../control/identity-records.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import type { Decision } from "../policy/evaluate.ts";

/** Values of condition keys that an action brings, by their names in lower case. */
export type Conditions = Readonly<Record<string, readonly string[]>>;

/** A resource that another account may own or that has a policy of its own: a role with its trust policy. */
export interface ResourceSide {
  readonly policy: CompiledPolicy | null;
  /** Its owner. */
  readonly accountId: string;
}

export interface Caller {
  readonly principal: Principal;
  /** For control messages: this principal, and who acts as it. */
  readonly actor: Actor;
  /**
   * Judges by the principal's policies; global condition keys are the caller's own to answer.
   * @param action `iam:CreateUser` @param resource an ARN, or "*"
   * @param conditions keys of this action and resource
   * @param side null: a resource of the principal's account without a policy
   */
  allows(action: string, resource: string, conditions: Conditions, side: ResourceSide | null): Decision;
}
