/** Policies of users, groups and roles: managed ones attached, inline ones put. */

import { limits } from "../base/limits.ts";
import type { DirectoryMessages, Holder } from "../control/identity-messages.ts";
import { type HolderKind, type InlinePolicyRecord, identityKeys } from "../control/identity-records.ts";
import type { Handlers } from "../control/messages.ts";
import { checkAttachable, holderKey, readHolder, whomOfHolder } from "./entities.ts";
import { checkName, checkPolicy, policyChars } from "./identity-rules.ts";
import type { IdentityTurns } from "./identity-turns.ts";
import { overQuota, Refusal } from "./refusal.ts";
import type { Turn } from "./turn.ts";

type HolderMessage = "policy.attach" | "policy.detach" | "inline.put" | "inline.delete";
type Request<T extends HolderMessage> = DirectoryMessages[T][0];
type Nothing = Record<string, never>;

/** IAM's names of the quotas, and how many characters all inline policies together may have. */
const quotas: Readonly<Record<HolderKind, { attached: string; size: string; charsMax: number }>> = {
  user: { attached: "PoliciesPerUser", size: "UserPolicySize", charsMax: limits.userPoliciesCharsMax },
  group: { attached: "PoliciesPerGroup", size: "GroupPolicySize", charsMax: limits.groupPoliciesCharsMax },
  role: { attached: "PoliciesPerRole", size: "RolePolicySize", charsMax: limits.rolePoliciesCharsMax },
};

export function holderPolicies(turns: IdentityTurns): Handlers<HolderMessage> {
  const run = <T extends HolderMessage>(
    message: T,
    request: Request<T>,
    work: (turn: Turn, request: Request<T>) => Promise<Nothing>,
  ) => {
    const { by, holder } = request;
    const { accountId, kind, name } = holder;
    return turns.run({ message, by, accountId, target: `${kind}/${name}` }, (turn) => work(turn, request));
  };
  return {
    "policy.attach": (request) => run("policy.attach", request, attach),
    "policy.detach": (request) => run("policy.detach", request, detach),
    "inline.put": (request) => run("inline.put", request, putInline),
    "inline.delete": (request) => run("inline.delete", request, deleteInline),
  };
}

/** The holder, by somebody who may change its rights. */
async function judged(turn: Turn, holder: Holder) {
  const record = await readHolder(turn, holder);
  await turn.judge(holder.accountId, await whomOfHolder(turn, holder));
  return record;
}

async function attach(turn: Turn, { holder, policyArn }: Request<"policy.attach">): Promise<Nothing> {
  const record = await judged(turn, holder);
  const { kind, accountId, name } = holder;
  await checkAttachable(turn, policyArn, accountId);
  if (record.attached.includes(policyArn)) return {};
  if (record.attached.length >= limits.policiesPerHolderMax) {
    throw overQuota(quotas[kind].attached, limits.policiesPerHolderMax);
  }
  turn.put(holderKey(holder), { ...record, attached: [...record.attached, policyArn] });
  turn.put(identityKeys.attachment(policyArn, kind, accountId, name), {});
  await turn.commit(accountId, `${kind}/${name}`, { policy: policyArn });
  return {};
}

async function detach(turn: Turn, { holder, policyArn }: Request<"policy.detach">): Promise<Nothing> {
  const record = await judged(turn, holder);
  const { kind, accountId, name } = holder;
  if (!record.attached.includes(policyArn)) {
    throw new Refusal("NoSuchEntity", `Policy ${policyArn} was not found.`);
  }
  turn.put(holderKey(holder), { ...record, attached: record.attached.filter((arn) => arn !== policyArn) });
  turn.remove(identityKeys.attachment(policyArn, kind, accountId, name));
  await turn.commit(accountId, `${kind}/${name}`, { policy: policyArn });
  return {};
}

async function putInline(turn: Turn, { holder, policyName, document }: Request<"inline.put">): Promise<Nothing> {
  const record = await judged(turn, holder);
  const { kind, accountId, name } = holder;
  checkName("policy", policyName);
  const { size, charsMax } = quotas[kind];
  checkPolicy(document, "identity", size, charsMax);
  if (record.inline.length >= limits.inlinePoliciesMax && !record.inline.includes(policyName)) {
    throw overQuota("InlinePolicies", limits.inlinePoliciesMax);
  }
  let chars = policyChars(document);
  for (const other of record.inline) {
    if (other === policyName) continue;
    const stored = await turn.read<InlinePolicyRecord>(identityKeys.inline(kind, accountId, name, other));
    chars += policyChars(stored?.document ?? "");
  }
  if (chars > charsMax) throw overQuota(size, charsMax);
  if (!record.inline.includes(policyName)) {
    turn.put(holderKey(holder), { ...record, inline: [...record.inline, policyName] });
  }
  turn.put(identityKeys.inline(kind, accountId, name, policyName), { document });
  await turn.commit(accountId, `${kind}/${name}`, { policy: policyName });
  return {};
}

async function deleteInline(turn: Turn, { holder, policyName }: Request<"inline.delete">): Promise<Nothing> {
  const record = await judged(turn, holder);
  const { kind, accountId, name } = holder;
  if (!record.inline.includes(policyName)) {
    throw new Refusal("NoSuchEntity", `The ${kind} policy with name ${policyName} cannot be found.`);
  }
  turn.put(holderKey(holder), { ...record, inline: record.inline.filter((other) => other !== policyName) });
  turn.remove(identityKeys.inline(kind, accountId, name, policyName));
  await turn.commit(accountId, `${kind}/${name}`, { policy: policyName });
  return {};
}
