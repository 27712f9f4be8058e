/** The table of the admin API: every row, sorted by path. */

import type { AdminRow } from "./declaration.ts";
import * as accounts from "./rows-accounts.ts";
import * as audit from "./rows-audit.ts";
import * as bucketAccess from "./rows-bucket-access.ts";
import * as buckets from "./rows-buckets.ts";
import * as deadEvents from "./rows-dead-events.ts";
import * as groups from "./rows-groups.ts";
import { holderRows } from "./rows-holders.ts";
import * as jobs from "./rows-jobs.ts";
import * as keys from "./rows-keys.ts";
import * as links from "./rows-links.ts";
import * as me from "./rows-me.ts";
import * as permissions from "./rows-permissions.ts";
import * as policies from "./rows-policies.ts";
import * as roles from "./rows-roles.ts";
import * as session from "./rows-session.ts";
import * as support from "./rows-support.ts";
import * as usage from "./rows-usage.ts";
import * as users from "./rows-users.ts";

const files: readonly Readonly<Record<string, unknown>>[] = [
  accounts,
  audit,
  bucketAccess,
  buckets,
  deadEvents,
  groups,
  jobs,
  keys,
  links,
  me,
  permissions,
  policies,
  roles,
  session,
  support,
  usage,
  users,
];

const isRow = (value: unknown): value is AdminRow => typeof value === "object" && value !== null && "handler" in value;

export const adminRows: readonly AdminRow[] = [
  ...files.flatMap((file) => Object.values(file).filter(isRow)),
  ...holderRows,
].sort((one, other) => `${one.path} ${one.method}`.localeCompare(`${other.path} ${other.method}`, "en"));
