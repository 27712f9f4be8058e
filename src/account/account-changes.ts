/** Accounts: made with their Root, changed, suspended. Deletion is account-deletion.ts. */

import { newIdentityId } from "../control/identity-ids.ts";
import type { AccountChanges, DirectoryMessages } from "../control/identity-messages.ts";
import {
  type AccountKind,
  type AccountRecord,
  identityKeys,
  newAccount,
  newUser,
  rootUserName,
} from "../control/identity-records.ts";
import type { Handlers } from "../control/messages.ts";
import {
  checkAddressRanges,
  checkContact,
  checkDisplayName,
  checkEmail,
  checkLabel,
  checkQuota,
  invalid,
} from "./identity-rules.ts";
import type { IdentityTurns } from "./identity-turns.ts";
import { digits, randomText } from "./key-pair.ts";
import { Refusal } from "./refusal.ts";
import { denied, type Turn } from "./turn.ts";
import { putInvite } from "./user-changes.ts";

type AccountMessage = "account.create" | "account.update" | "account.setStatus";
type Request<T extends AccountMessage> = DirectoryMessages[T][0];

export function accountChanges(turns: IdentityTurns): Handlers<AccountMessage> {
  return {
    "account.create": (request) => {
      const { by, parent, displayName } = request;
      const asked = { message: "account.create", by, accountId: parent, target: `account/${displayName}` } as const;
      return turns.run(asked, (turn) => create(turn, request));
    },
    "account.update": (request) => {
      const { by, accountId } = request;
      return turns.run({ message: "account.update", by, accountId, target: "account" }, (turn) =>
        update(turn, request),
      );
    },
    "account.setStatus": (request) => {
      const { by, accountId } = request;
      const asked = { message: "account.setStatus", by, accountId, target: "account" } as const;
      return turns.run(asked, (turn) => setStatus(turn, request));
    },
  };
}

async function create(turn: Turn, request: Request<"account.create">): Promise<DirectoryMessages["account.create"][1]> {
  const { parent, kind, displayName, label, quota } = request;
  await turn.judge(parent, "entity");
  const above = await turn.account(parent);
  checkKind(kind, above);
  checkDisplayName(displayName);
  const email = checkEmail(request.email);
  const { random } = turn.ports;
  const accountId = randomText(random, 1, digits.slice(1)) + randomText(random, 11, digits);
  const canonicalId = random.bytes(32).toString("hex");
  const isTaken =
    (await turn.read(identityKeys.account(accountId))) ?? (await turn.read(identityKeys.canonical(canonicalId)));
  if (isTaken !== undefined) throw new Error("an account id was drawn twice");
  if (quota !== null) checkQuota(quota);
  const fresh = newAccount({ accountId, canonicalId, displayName, kind, parent, createdMs: turn.nowMs });
  const account: AccountRecord = { ...fresh, label, quota: quota ?? fresh.quota };
  await takeLabel(turn, account);
  const root = newUser({
    accountId,
    name: rootUserName,
    userId: newIdentityId("TRPU", random),
    email,
    role: "root",
    status: "invited",
    createdMs: turn.nowMs,
  });
  turn.put(identityKeys.account(accountId), account);
  turn.put(identityKeys.canonical(canonicalId), { accountId });
  turn.put(identityKeys.child(parent, accountId), {});
  turn.put(identityKeys.user(accountId, rootUserName), root);
  turn.put(identityKeys.email(email, accountId, rootUserName), {});
  const token = await putInvite(turn, root);
  await turn.commit(parent, `account/${accountId}`, { kind, displayName, email });
  return { account, token };
}

/** The members that only accounts above change; the others an account's own Root changes too. */
const fromAbove: readonly (keyof AccountChanges)[] = ["kind", "label", "quota", "siteSelection"];

async function update(turn: Turn, request: Request<"account.update">): Promise<{ account: AccountRecord }> {
  const { accountId, changes } = request;
  await turn.judge(accountId, "entity");
  const before = await turn.account(accountId);
  await checkReach(turn, before, changes);
  const account: AccountRecord = {
    ...before,
    displayName: changes.displayName ?? before.displayName,
    kind: changes.kind ?? before.kind,
    label: changes.label === undefined ? before.label : changes.label,
    quota: changes.quota ?? before.quota,
    siteSelection: changes.siteSelection ?? before.siteSelection,
    addressRanges: changes.addressRanges ?? before.addressRanges,
    contact: changes.contact === undefined ? before.contact : changes.contact,
  };
  checkDisplayName(account.displayName);
  checkQuota(account.quota);
  checkAddressRanges(account.addressRanges);
  checkContact(account.contact);
  if (typeof account.siteSelection !== "boolean") throw invalid("siteSelection is true or false.");
  if (account.kind !== before.kind) await checkKindChange(turn, account);
  if (account.label !== before.label) {
    if (before.label !== null) turn.remove(identityKeys.label(before.label));
    await takeLabel(turn, account);
  }
  turn.put(identityKeys.account(accountId), account);
  const detail = Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, JSON.stringify(value)]));
  await turn.commit(accountId, "account", detail);
  return { account };
}

/** What an account's Admin changes of it; the rest is Root's. */
const fromAdmin: readonly (keyof AccountChanges)[] = ["addressRanges"];

/** Whoever acts as the account's Root changes what that may; the operator has nobody above it. @throws Refusal AccessDenied */
async function checkReach(turn: Turn, before: AccountRecord, changes: Partial<AccountChanges>): Promise<void> {
  const { rank } = await turn.asking();
  if (rank === "system" || turn.by.accountId !== before.accountId) return;
  if (rank === "admin") {
    const member = (Object.keys(changes) as (keyof AccountChanges)[]).find((name) => !fromAdmin.includes(name));
    if (member !== undefined) throw denied(`Only Root changes ${member}.`);
  }
  for (const member of fromAbove) {
    if (changes[member] === undefined || (before.kind === "operator" && member !== "kind")) continue;
    throw denied(`Only an account above changes ${member}.`);
  }
}

/** @throws Refusal InvalidInput, DeleteConflict */
async function checkKindChange(turn: Turn, account: AccountRecord): Promise<void> {
  const { accountId, kind, parent } = account;
  if (parent === null) throw invalid("The operator stays what it is.");
  checkKind(kind, await turn.account(parent));
  const [below] = await turn.names(identityKeys.child(accountId, ""), 1);
  if (kind === "customer" && below !== undefined) {
    throw new Refusal("DeleteConflict", "The account has accounts below it: a customer has none.");
  }
}

/** @throws Refusal InvalidInput */
function checkKind(kind: AccountKind, above: AccountRecord): void {
  if (kind !== "reseller" && kind !== "customer") throw invalid("The kind must be reseller or customer.");
  if (above.kind === "customer") throw invalid("A customer has no accounts below it.");
  if (kind === "reseller" && above.kind !== "operator") throw invalid("A reseller stands right below the operator.");
  if (above.status !== "active") throw invalid("The account above is suspended.");
}

/** @throws Refusal EntityAlreadyExists, InvalidInput */
async function takeLabel(turn: Turn, { accountId, label }: AccountRecord): Promise<void> {
  checkLabel(label);
  if (label === null) return;
  const holder = await turn.read<{ accountId: string }>(identityKeys.label(label));
  if (holder !== undefined && holder.accountId !== accountId) {
    throw new Refusal("EntityAlreadyExists", `The label ${label} is taken.`);
  }
  turn.put(identityKeys.label(label), { accountId });
}

async function setStatus(turn: Turn, request: Request<"account.setStatus">): Promise<Record<string, never>> {
  const { accountId, status } = request;
  await turn.judge(accountId, "entity");
  if (status !== "active" && status !== "suspended") throw invalid("The status must be active or suspended.");
  const account = await turn.account(accountId);
  if (account.parent === null) throw denied("The operator is not suspended.");
  turn.put(identityKeys.account(accountId), { ...account, status });
  await turn.commit(accountId, "account", { status });
  return {};
}
