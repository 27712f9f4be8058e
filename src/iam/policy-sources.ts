/** All policies that an identity has, by where they come from: for simulations. */

import { builtInPolicyArn } from "../control/identity-ids.ts";
import type { HolderKind, PolicyHolder } from "../control/identity-records.ts";
import type { PolicyDocument } from "../policy/document.ts";
import type { ActionContext } from "./action.ts";
import { QueryError } from "./errors.ts";
import { groupOf, roleOf, userOf } from "./targets.ts";

/** As the answers of simulations name kinds of policies. */
export type SourceType = "user" | "group" | "role" | "aws-managed" | "user-managed" | "none";

export interface SourcedPolicy {
  /** Tells it from the others of one simulation. */
  readonly source: string;
  readonly type: SourceType;
  /** JSON text. */
  readonly document: string;
}

interface EntityPolicies {
  readonly policies: readonly SourcedPolicy[];
  readonly boundary: SourcedPolicy | null;
}

const entityPattern = /^arn:aws:iam::(\d{12}):(user|group|role)\/(?:[!-~]+\/)?([\w+=,.@-]{1,128})$/;

/**
 * @param arn of a user, group or role of the account
 * @throws QueryError NoSuchEntity, InvalidInput
 */
export function policiesOfEntity(arn: string, context: ActionContext): EntityPolicies {
  const match = entityPattern.exec(arn);
  if (match === null) throw new QueryError("InvalidInput", `${arn} is not the ARN of a user, group or role.`);
  const [, , kind, name = ""] = match;
  if (kind === "group") return { policies: heldBy(context, "group", name, groupOf(context, name)), boundary: null };
  if (kind === "role") {
    const role = roleOf(context, name);
    return { policies: heldBy(context, "role", name, role), boundary: managed(context, role.boundary) };
  }
  const user = userOf(context, name);
  const implied = user.role === "admin" ? managed(context, builtInPolicyArn("AdministratorAccess")) : null;
  const groups = context.directory.groupsOf(user).flatMap((group) => heldBy(context, "group", group.name, group));
  return {
    policies: [...(implied === null ? [] : [implied]), ...heldBy(context, "user", name, user), ...groups],
    boundary: managed(context, user.boundary),
  };
}

function heldBy(context: ActionContext, kind: HolderKind, name: string, holder: PolicyHolder): SourcedPolicy[] {
  const { directory, accountId } = context;
  const inline = holder.inline.flatMap((policy): SourcedPolicy[] => {
    const document = directory.inlinePolicy(kind, accountId, name, policy);
    return document === undefined ? [] : [{ source: `${kind}_${name}_${policy}`, type: kind, document }];
  });
  return [...holder.attached.flatMap((arn) => managed(context, arn) ?? []), ...inline];
}

function managed({ policies, accountId }: ActionContext, arn: string | null): SourcedPolicy | null {
  const document = arn === null ? undefined : policies.document(arn, accountId);
  if (arn === null || document === undefined) return null;
  return { source: arn, type: arn.startsWith("arn:aws:iam::aws:") ? "aws-managed" : "user-managed", document };
}

const variable = /\$\{([^},]+)[^}]*\}/g;

/** Condition keys that a policy asks for, in conditions and in variables. */
export function contextKeysOf({ version, statements }: PolicyDocument): string[] {
  return statements.flatMap(({ conditions, resources }) => {
    const texts = [...(resources?.patterns ?? []), ...conditions.flatMap(({ values }) => values)];
    const variables = version === "2008-10-17" ? [] : texts.flatMap((text) => [...text.matchAll(variable)]);
    const names = variables.map(([, name = ""]) => name.trim()).filter((name) => name.includes(":"));
    return [...conditions.map(({ key }) => key), ...names];
  });
}
