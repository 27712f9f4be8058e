/** The handlers of accounts, users, groups, roles, policies, keys and the audit log. */

import type { DirectoryMessages } from "../control/identity-messages.ts";
import { accepted, type Handlers } from "../control/messages.ts";
import { accountChanges } from "./account-changes.ts";
import { accountDeletion } from "./account-deletion.ts";
import { groupChanges } from "./group-changes.ts";
import { holderPolicies } from "./holder-policies.ts";
import type { IdentityTurns } from "./identity-turns.ts";
import { keyChanges } from "./key-changes.ts";
import { policyChanges } from "./policy-changes.ts";
import { roleChanges } from "./role-changes.ts";
import { userChanges } from "./user-changes.ts";
import { userDeletion } from "./user-deletion.ts";

export function directoryBehaviour(turns: IdentityTurns): Handlers<keyof DirectoryMessages> {
  return {
    ...accountChanges(turns),
    ...accountDeletion(turns),
    ...userChanges(turns),
    ...userDeletion(turns),
    ...groupChanges(turns),
    ...roleChanges(turns),
    ...policyChanges(turns),
    ...holderPolicies(turns),
    ...keyChanges(turns),
    "audit.write": async ({ action, outcome, accountId, target, by, detail }) => {
      await turns.trail.write({ action, outcome, accountId, target, by, detail });
      return accepted({});
    },
  };
}
