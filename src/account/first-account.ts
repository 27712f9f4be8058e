/** The operator account of a new installation: from the environment, and what is missing there generated. */

import { limits } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import { textOfVariable } from "../config/config.ts";
import { DocumentError, type Problem } from "../config/problem.ts";
import type { ControlActor } from "../control/actor.ts";
import { type AccessKeyRecord, type AccountRecord, identityKeys, rootUserName } from "../control/identity-records.ts";
import type { IdentitiesDocument, IdentityKey } from "../control/messages.ts";
import { type SecretBox, secretPlaces } from "../control/secret-box.ts";
import type { ControlStore } from "../control/store.ts";
import { decodeRecord, getTyped } from "../control/typed-records.ts";
import { hasOperator, IdentitiesError, parseIdentities } from "./identities.ts";
import { capitalsAndDigits, digits, lettersAndDigits, randomText } from "./key-pair.ts";

/** What is printed once, at the start that made the account. */
export interface FirstCredentials {
  readonly email: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly password: string;
  readonly accountId: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SeedOptions {
  readonly control: Pick<ControlActor, "handle">;
  readonly store: ControlStore;
  readonly random: Random;
  readonly environment: Environment;
  /** The parsed identities file, null without one. */
  readonly identities: IdentitiesDocument | null;
}

/**
 * Run at every start, before the listeners open. Makes the first account when the store has no operator and the identities
 * have none either, then applies the identities.
 * @returns the first account's credentials when this call made it, else null
 * @throws IdentitiesError or DocumentError when the identities or the `TROUPE_ROOT_*` variables cannot be used
 */
export async function seedAccounts(options: SeedOptions): Promise<FirstCredentials | null> {
  const { identities, store } = options;
  const isComplete = (identities !== null && hasOperator(identities)) || (await holdsOperator(store));
  const first = isComplete ? null : firstAccount(options.environment, options.random);
  const document = together(first?.document ?? null, identities);
  if (document === null) return null;
  const outcome = await options.control.handle("identities.apply", { document });
  if (!outcome.ok) {
    const problems = Object.values(outcome.detail).map((message) => ({ pointer: "", message, origin: "identities" }));
    throw new IdentitiesError("The identities cannot be used", [
      ...problems,
      ...(problems.length === 0 ? [{ pointer: "", message: outcome.code, origin: "control records" }] : []),
    ]);
  }
  return first?.credentials ?? null;
}

/**
 * The first account as a document. `TROUPE_ROOT_EMAIL`, `TROUPE_ROOT_PASSWORD`, `TROUPE_ACCESS_KEY` and `TROUPE_SECRET_KEY`
 * (each also with `_FILE`) count; an empty one counts as missing.
 * @throws DocumentError when a variable cannot be used
 */
export function firstAccount(
  environment: Environment,
  random: Random,
): { document: IdentitiesDocument; credentials: FirstCredentials } {
  const problems: Problem[] = [];
  const read = (name: string): string | undefined => {
    const text = textOfVariable(name, environment, (message) => problems.push({ pointer: "", message, origin: name }));
    return text === "" ? undefined : text;
  };
  const credentials: FirstCredentials = {
    email: read("TROUPE_ROOT_EMAIL") ?? "root@localhost",
    password: read("TROUPE_ROOT_PASSWORD") ?? randomText(random, 20, lettersAndDigits),
    accessKeyId: read("TROUPE_ACCESS_KEY") ?? randomText(random, 20, capitalsAndDigits),
    secretAccessKey: read("TROUPE_SECRET_KEY") ?? randomText(random, 40, lettersAndDigits),
    accountId: randomText(random, 12, digits),
  };
  if (problems.length > 0) throw new DocumentError("The first account cannot be made", problems);
  const { accountId, email, password, accessKeyId, secretAccessKey } = credentials;
  const root = { email, password, keys: [{ accessKeyId, secretAccessKey }] };
  const canonicalId = random.bytes(32).toString("hex");
  const account = { accountId, canonicalId, displayName: "operator", kind: "operator", root };
  const document = parseIdentities(JSON.stringify({ accounts: [account] }), "TROUPE_ROOT_* and TROUPE_*_KEY");
  return { document, credentials };
}

/** An active key of an operator's Root, the first by its id; null when there is none. O(keys). */
export async function operatorKey(store: ControlStore, secrets: Pick<SecretBox, "open">): Promise<IdentityKey | null> {
  const prefix = identityKeys.accessKey("");
  for (let after = ""; ; ) {
    const page = await store.list(prefix, after, limits.controlListMax);
    for (const row of page) {
      const key = decodeRecord<AccessKeyRecord>(row.value);
      if (key.status !== "Active" || key.userName !== rootUserName) continue;
      const { value: account } = await getTyped<AccountRecord>(store, identityKeys.account(key.accountId));
      if (account?.kind !== "operator") continue;
      const { accessKeyId, sealedSecret } = key;
      return { accessKeyId, secretAccessKey: secrets.open(sealedSecret, secretPlaces.accessKey(accessKeyId)) };
    }
    const last = page.at(-1);
    if (last === undefined || page.length < limits.controlListMax) return null;
    after = last.key;
  }
}

/** Both as one; checked again, because the variables may repeat a key of the file. */
function together(first: IdentitiesDocument | null, second: IdentitiesDocument | null): IdentitiesDocument | null {
  if (first === null || second === null) return first ?? second;
  const accounts = [...first.accounts, ...second.accounts];
  return parseIdentities(JSON.stringify({ accounts }), "identities with the first account");
}

async function holdsOperator(store: ControlStore): Promise<boolean> {
  const prefix = identityKeys.account("");
  for (let after = ""; ; ) {
    const page = await store.list(prefix, after, limits.controlListMax);
    if (page.some((row) => decodeRecord<AccountRecord>(row.value).kind === "operator")) return true;
    const last = page.at(-1);
    if (last === undefined || page.length < limits.controlListMax) return false;
    after = last.key;
  }
}
