/** Access keys: made, switched off, deleted, and when they were last used. */

import { limits } from "../base/limits.ts";
import type { DirectoryMessages } from "../control/identity-messages.ts";
import { type AccessKeyRecord, identityKeys, type KeyUsedRecord } from "../control/identity-records.ts";
import { accepted, type Handlers } from "../control/messages.ts";
import { secretPlaces } from "../control/secret-box.ts";
import type { ControlCompare, ControlOperation } from "../control/store.ts";
import { getTyped, putTyped } from "../control/typed-records.ts";
import { readUser, whomOfUser } from "./entities.ts";
import { invalid } from "./identity-rules.ts";
import type { IdentityTurns } from "./identity-turns.ts";
import { newKeyPair } from "./key-pair.ts";
import type { IdentityPorts } from "./ports.ts";
import { mayUseKeys } from "./principal.ts";
import { overQuota, Refusal } from "./refusal.ts";
import { denied, type Turn } from "./turn.ts";
import { removeKey } from "./user-traces.ts";

type KeyMessage = "key.create" | "key.update" | "key.delete";
type Request<T extends KeyMessage> = DirectoryMessages[T][0];
type Nothing = Record<string, never>;
type Used = DirectoryMessages["key.used"][0]["used"][number];

export function keyChanges(turns: IdentityTurns): Handlers<KeyMessage | "key.used"> {
  const run = <T extends KeyMessage, R>(message: T, request: Request<T>, work: (turn: Turn) => Promise<R>) => {
    const { by, accountId, userName } = request;
    return turns.run({ message, by, accountId, target: `user/${userName}` }, work);
  };
  return {
    "key.create": (request) => run("key.create", request, (turn) => create(turn, request)),
    "key.update": (request) => run("key.update", request, (turn) => update(turn, request)),
    "key.delete": (request) => run("key.delete", request, (turn) => remove(turn, request)),
    "key.used": async ({ used }) => {
      await recordUse(turns.ports, used.slice(0, limits.keysUsedPerMessageMax));
      return accepted({});
    },
  };
}

async function create(turn: Turn, request: Request<"key.create">): Promise<DirectoryMessages["key.create"][1]> {
  const { accountId, userName } = request;
  const { random, secrets } = turn.ports;
  const user = await readUser(turn, accountId, userName);
  await turn.judge(accountId, whomOfUser(turn, user));
  if (!mayUseKeys(await turn.account(accountId))) throw denied("Accounts of resellers have no keys.");
  const held = await turn.names(identityKeys.userKey(accountId, userName, ""), limits.accessKeysPerUserMax);
  if (held.length >= limits.accessKeysPerUserMax) throw overQuota("AccessKeysPerUser", limits.accessKeysPerUserMax);
  const { accessKeyId, secretAccessKey } = newKeyPair(random);
  // Compared at the commit: an id that is taken is not given twice.
  if ((await turn.read(identityKeys.accessKey(accessKeyId))) !== undefined) throw new Error("a key id was drawn twice");
  const createdMs = turn.nowMs;
  const key: AccessKeyRecord = {
    accessKeyId,
    sealedSecret: secrets.seal(secretAccessKey, secretPlaces.accessKey(accessKeyId)),
    accountId,
    userName,
    status: "Active",
    createdMs,
  };
  turn.put(identityKeys.accessKey(accessKeyId), key);
  turn.put(identityKeys.userKey(accountId, userName, accessKeyId), {});
  await turn.commit(accountId, `user/${userName}`, { accessKeyId });
  return { accessKeyId, secretAccessKey, createdMs };
}

async function update(turn: Turn, request: Request<"key.update">): Promise<Nothing> {
  const { accountId, userName, accessKeyId, status } = request;
  const key = await judgedKey(turn, request);
  if (status !== "Active" && status !== "Inactive") throw invalid("The status must be Active or Inactive.");
  turn.put(identityKeys.accessKey(accessKeyId), { ...key, status });
  await turn.commit(accountId, `user/${userName}`, { accessKeyId, status });
  return {};
}

async function remove(turn: Turn, request: Request<"key.delete">): Promise<Nothing> {
  const { accountId, userName, accessKeyId } = request;
  await judgedKey(turn, request);
  removeKey(turn, accountId, userName, accessKeyId);
  await turn.commit(accountId, `user/${userName}`, { accessKeyId });
  return {};
}

/** A key of the user, by somebody who may care for it. @throws Refusal NoSuchEntity, AccessDenied */
async function judgedKey(turn: Turn, { accountId, userName, accessKeyId }: Request<"key.delete">) {
  const user = await readUser(turn, accountId, userName);
  await turn.judge(accountId, whomOfUser(turn, user));
  const key = await turn.read<AccessKeyRecord>(identityKeys.accessKey(accessKeyId));
  if (key === undefined || key.accountId !== accountId || key.userName !== userName) {
    throw new Refusal("NoSuchEntity", `The Access Key with id ${accessKeyId} cannot be found.`);
  }
  return key;
}

/** Writes what is a minute newer than what is known; a key that is gone, or that another writes just now, is left out. */
async function recordUse({ store }: IdentityPorts, used: readonly Used[]): Promise<void> {
  const newest = new Map<string, Used>();
  for (const use of used) {
    if ((newest.get(use.accessKeyId)?.usedMs ?? -1) < use.usedMs) newest.set(use.accessKeyId, use);
  }
  const uses = [...newest.values()];
  for (let start = 0; start < uses.length; start += usesPerTransaction) {
    const compare: ControlCompare[] = [];
    const operations: ControlOperation[] = [];
    for (const { accessKeyId, usedMs, service, region } of uses.slice(start, start + usesPerTransaction)) {
      const place = identityKeys.keyUsed(accessKeyId);
      const key = await store.get(identityKeys.accessKey(accessKeyId));
      const before = await getTyped<KeyUsedRecord>(store, place);
      if (key === undefined || usedMs - (before.value?.usedMs ?? -limits.keyUsedEveryMs) < limits.keyUsedEveryMs)
        continue;
      const record: KeyUsedRecord = { usedMs, service, region: region.slice(0, limits.regionCharsMax) };
      compare.push({ key: place, revision: before.revision }, { key: key.key, revision: key.revision });
      operations.push(putTyped(place, record));
    }
    if (operations.length > 0) await store.txn(compare, operations);
  }
}

/** Each is compared twice. */
const usesPerTransaction = Math.floor(limits.controlOperationsMax / 2);
