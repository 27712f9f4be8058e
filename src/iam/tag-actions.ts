/**
 * Tags of users, roles and policies, three rows of each kind. The control actor puts them in and takes them out in its turn, so
 * that of two changes at once none is lost. https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html and its neighbours.
 */

import type { Tag as RecordTag } from "../control/identity-records.ts";
import { list } from "../model/shape.ts";
import { type ActionContext, declareQueryAction, type QueryAction } from "./action.ts";
import type { Conditions } from "./caller.ts";
import type { ActionErrorCode } from "./errors.ts";
import { pageOf, pageOutput } from "./paging.ts";
import { ofPolicy, policyHeld } from "./policy-actions.ts";
import {
  arn,
  type BoundedString,
  existingUserName,
  paged,
  paging,
  required,
  requiredAs,
  roleName,
  Tag,
  tagKeys,
  tags,
} from "./shapes.ts";
import {
  holderTargets,
  outputTags,
  ownPolicyOf,
  policyOf,
  recordTags,
  roleOf,
  roleResource,
  tagsAsked,
  userOf,
  userResource,
} from "./targets.ts";

/** What has tags; `id` is its name, or its ARN. */
interface Tagged {
  /** As it stands in names of actions. */
  readonly noun: "User" | "Role" | "Policy";
  /** The member that names it. */
  readonly label: string;
  readonly shape: BoundedString;
  readonly errors: readonly ActionErrorCode[];
  arn(id: string, context: ActionContext): string;
  conditions(id: string, context: ActionContext): Conditions;
  held(id: string, context: ActionContext): readonly RecordTag[];
  tag(id: string, added: readonly RecordTag[], context: ActionContext): Promise<unknown>;
  untag(id: string, keys: readonly string[], context: ActionContext): Promise<unknown>;
}

const by = ({ caller, accountId }: ActionContext) => ({ by: caller.actor, accountId });

const taggedKinds: readonly Tagged[] = [
  {
    noun: "User",
    label: "UserName",
    shape: existingUserName,
    errors: [],
    arn: (userName, context) => userResource(context, userName),
    conditions: (userName, context) => holderTargets.user.conditions(context, userName),
    held: (userName, context) => userOf(context, userName).tags,
    tag: (userName, added, context) => context.ask("user.tag", { ...by(context), userName, tags: added }),
    untag: (userName, keys, context) => context.ask("user.untag", { ...by(context), userName, keys }),
  },
  {
    noun: "Role",
    label: "RoleName",
    shape: roleName,
    errors: [],
    arn: (name, context) => roleResource(context, name),
    conditions: (name, context) => holderTargets.role.conditions(context, name),
    held: (name, context) => roleOf(context, name).tags,
    tag: (name, added, context) => context.ask("role.tag", { ...by(context), roleName: name, tags: added }),
    untag: (name, keys, context) => context.ask("role.untag", { ...by(context), roleName: name, keys }),
  },
  {
    noun: "Policy",
    label: "PolicyArn",
    shape: arn,
    errors: ["InvalidInput"],
    arn: (policyArn, context) => ofPolicy({ PolicyArn: policyArn }, context),
    conditions: (policyArn, context) => policyHeld({ PolicyArn: policyArn }, context),
    held: (policyArn, context) => policyOf(context, policyArn).tags,
    tag: (policyArn, added, context) => {
      ownPolicyOf(context, policyArn);
      return context.ask("policy.tag", { by: context.caller.actor, policyArn, tags: added });
    },
    untag: (policyArn, keys, context) => {
      ownPolicyOf(context, policyArn);
      return context.ask("policy.untag", { by: context.caller.actor, policyArn, keys });
    },
  },
];

type Named = { readonly Id: string };

function tagActionsOf(kind: Tagged): QueryAction[] {
  const { noun, label, shape, errors } = kind;
  const Id = requiredAs(label, shape);
  const resource = ({ Id: id }: Named, context: ActionContext): string => kind.arn(id, context);
  const tag = declareQueryAction({
    name: `Tag${noun}`,
    service: "iam",
    action: `iam:Tag${noun}`,
    resource,
    conditions: (input, context) => ({ ...kind.conditions(input.Id, context), ...tagsAsked(input.Tags) }),
    input: { Id, Tags: required(tags) },
    output: null,
    errors: ["ConcurrentModification", "InvalidInput", "LimitExceeded", "NoSuchEntity"],
  }).handledBy(async ({ Id: id, Tags }, context) => {
    await kind.tag(id, recordTags(Tags), context);
  });
  const untag = declareQueryAction({
    name: `Untag${noun}`,
    service: "iam",
    action: `iam:Untag${noun}`,
    resource,
    conditions: (input, context) => ({ ...kind.conditions(input.Id, context), "aws:tagkeys": input.TagKeys }),
    input: { Id, TagKeys: required(tagKeys) },
    output: null,
    errors: ["ConcurrentModification", ...errors, "NoSuchEntity"],
  }).handledBy(async ({ Id: id, TagKeys }, context) => {
    await kind.untag(id, TagKeys, context);
  });
  const listed = declareQueryAction({
    name: `List${noun}Tags`,
    service: "iam",
    action: `iam:List${noun}Tags`,
    resource,
    conditions: (input, context) => kind.conditions(input.Id, context),
    input: { Id, ...paging },
    output: { Tags: required(list(Tag)), ...paged },
    errors: [...errors, "NoSuchEntity"],
  }).handledBy(({ Id: id, ...page }, context) => {
    const found = pageOf(outputTags(kind.held(id, context)), page, ({ Key }) => Key);
    return { Tags: found.items, ...pageOutput(found) };
  });
  return [tag, untag, listed];
}

export const tagActions: readonly QueryAction[] = taggedKinds.flatMap(tagActionsOf);
