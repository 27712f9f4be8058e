/**
 * How the answers of the several kinds of policy make one answer. Pure.
 * Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html,
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
 */

import { and, no, or, type Truth, yes } from "./truth.ts";

/**
 * Which rule decides.
 * same: within the owner's account, identity or resource policy allows.
 * trust: within the account, but a role's trust policy must allow, whatever identity policies say.
 * other: from another account, both must allow.
 * anonymous: the resource policy alone.
 */
export type Rule = "same" | "trust" | "other" | "anonymous";

/** Whether a kind of policy allows. The last three are the resource policy, by how it names who asks. */
export type Part = "identity" | "boundary" | "session" | "itself" | "role" | "account";

/** Whether the policies allow, explicit denials aside. `part` is asked only for what the answer depends on. */
export function allowedBy(rule: Rule, part: (name: Part) => Truth): Truth {
  switch (rule) {
    case "anonymous":
      return part("itself");
    case "same": {
      const granted = part("identity");
      const limited = withinLimits(granted === yes ? yes : or(granted, part("role")), part);
      return limited === yes ? yes : or(limited, part("itself"));
    }
    case "trust": {
      const delegated = part("account");
      const granted = or(part("role"), delegated === no ? no : and(delegated, part("identity")));
      const limited = withinLimits(granted, part);
      return limited === yes ? yes : or(limited, part("itself"));
    }
    case "other": {
      const named = or(or(part("itself"), part("role")), part("account"));
      return withinLimits(named === no ? no : and(named, part("identity")), part);
    }
  }
}

function withinLimits(granted: Truth, part: (name: Part) => Truth): Truth {
  if (granted === no) return no;
  const bounded = and(granted, part("boundary"));
  return bounded === no ? no : and(bounded, part("session"));
}
