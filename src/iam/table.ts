/** The table of actions: every row there is. */

import * as account from "./account-actions.ts";
import type { QueryAction } from "./action.ts";
import { AssumeRole } from "./assume-role.ts";
import { GetAccountAuthorizationDetails } from "./details-actions.ts";
import * as group from "./group-actions.ts";
import { holderActions } from "./holder-actions.ts";
import * as key from "./key-actions.ts";
import * as login from "./login-actions.ts";
import * as policy from "./policy-actions.ts";
import type { QueryService } from "./query-answer.ts";
import * as role from "./role-actions.ts";
import * as simulate from "./simulate-actions.ts";
import * as sts from "./sts-actions.ts";
import { tagActions } from "./tag-actions.ts";
import { unservedActions } from "./unserved-actions.ts";
import * as user from "./user-actions.ts";
import * as version from "./version-actions.ts";

const isAction = (value: unknown): value is QueryAction =>
  typeof value === "object" && value !== null && "handler" in value;

/** Every served action, by name. */
export const queryActions: readonly QueryAction[] = [
  ...[account, group, key, login, policy, role, simulate, sts, user, version].flatMap((rows) =>
    Object.values<unknown>(rows).filter(isAction),
  ),
  ...holderActions,
  ...tagActions,
  AssumeRole,
  GetAccountAuthorizationDetails,
].sort((a, b) => (a.name < b.name ? -1 : 1));

const served = new Map(queryActions.map((action) => [`${action.service}:${action.name}`, action]));
const unserved = new Map(
  unservedActions.flatMap(({ service, reason, names }) => names.map((name) => [`${service}:${name}`, reason] as const)),
);

export function findAction(service: QueryService, name: string): QueryAction | undefined {
  return served.get(`${service}:${name}`);
}

/** Why a published action is not served; undefined for what is no action of the service. */
export function reasonUnserved(service: QueryService, name: string): string | undefined {
  return unserved.get(`${service}:${name}`);
}
