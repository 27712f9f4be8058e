/** The identities file: accounts, users and keys that are made or updated at every start. Strict; all errors at once. */

import { z } from "zod";
import { limits } from "../base/limits.ts";
import { nearestName } from "../config/nearest-name.ts";
import { DocumentError, type Found, foundByZod, jsonPointer } from "../config/problem.ts";
import { builtInPolicyArn } from "../control/identity-ids.ts";
import { rootUserName } from "../control/identity-records.ts";
import type { IdentitiesDocument, IdentityAccount } from "../control/messages.ts";
import { PolicyError, parsePolicy } from "../policy/document.ts";
import { managedPolicies } from "../policy/managed.ts";

/** Most bytes of a user's policies as JSON: a user is one control record. */
const policiesBytesMax = 48 * 1024;

const oneLine = /^[^\p{Cc}]*$/u;
const text = (charactersMax: number) =>
  z.string().min(1).max(charactersMax).regex(oneLine, "must not have control characters");
const email = z
  .string()
  .max(254)
  .regex(/^[^\s@,/]+@[^\s@,/]+$/, "must be an e-mail address")
  .refine((value) => Buffer.byteLength(value) <= 254, "must be at most 254 bytes");
const password = z
  .string()
  .min(1)
  .refine(
    (value) => Buffer.byteLength(value) <= limits.passwordBytesMax,
    `must be at most ${limits.passwordBytesMax} bytes`,
  );
const accountId = z.string().regex(/^\d{12}$/, "must be 12 digits");

const key = z.strictObject({
  // "/" would end it in a credential scope, "," and "=" in an Authorization header.
  accessKeyId: z.string().regex(/^[A-Za-z0-9_.+@-]{3,128}$/, "must be 3 to 128 of A-Z a-z 0-9 _ . + @ -"),
  secretAccessKey: z
    .string()
    .regex(/^[\x21-\x7e]{8,128}$/, "must be 8 to 128 printable ASCII characters without spaces"),
});

const policies = z
  .array(z.union([z.string().min(1).max(128), z.record(z.string(), z.unknown())]))
  .max(100)
  .refine((list) => Buffer.byteLength(JSON.stringify(list)) <= policiesBytesMax, {
    error: `must be at most ${policiesBytesMax} bytes in all`,
    abort: true,
  })
  .superRefine((list, { addIssue }) => {
    for (const [index, policy] of list.entries()) {
      const message = typeof policy === "string" ? wrongName(policy) : wrongDocument(policy);
      if (message !== null) addIssue({ code: "custom", message, path: [index] });
    }
  });

function wrongName(name: string): string | null {
  if (managedPolicies.has(builtInPolicyArn(name))) return null;
  const near = nearestName(
    name,
    [...managedPolicies.values()].map((policy) => policy.name),
  );
  return `is not a managed policy of the product${near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`}`;
}

function wrongDocument(document: Readonly<Record<string, unknown>>): string | null {
  try {
    parsePolicy(document, "identity");
    return null;
  } catch (error) {
    if (error instanceof PolicyError) return error.message;
    throw error;
  }
}

const user = z.strictObject({
  // "," would break the CSV that keys are handed out in, "/" the record's key.
  name: z
    .string()
    .regex(/^[^\p{Cc}/,]{1,128}$/u, "must be 1 to 128 characters without control characters, slash or comma")
    .refine((name) => name !== rootUserName, `must not be ${JSON.stringify(rootUserName)}: that is the account's Root`),
  email,
  role: z.enum(["admin", "user"]),
  password: password.optional(),
  policies: policies.optional(),
  keys: z.array(key).max(1000).optional(),
});

const account = z.strictObject({
  accountId,
  canonicalId: text(256),
  displayName: text(256),
  kind: z.enum(["operator", "reseller", "customer"]),
  parent: accountId.optional(),
  root: z.strictObject({ email, password: password.optional(), keys: z.array(key).max(1000).optional() }),
  users: z.array(user).max(10_000).optional(),
});

const identities = z.strictObject({ accounts: z.array(account).max(100_000) });

/** An identities file that cannot be used; `problems` has all of it. Never holds a secret. */
export class IdentitiesError extends DocumentError {
  override readonly name = "IdentitiesError";
}

/**
 * Parses and checks an identities document.
 * @param content JSON text, at most `limits.identitiesBytesMax`
 * @param origin how the problems name the document
 * @throws IdentitiesError with every problem found
 */
export function parseIdentities(content: string, origin = "identities"): IdentitiesDocument {
  const fail = (found: Iterable<Found>) =>
    new IdentitiesError(
      "The identities cannot be used",
      Array.from(found, ({ path, message }) => ({ pointer: jsonPointer(path), message, origin })),
    );
  if (Buffer.byteLength(content) > limits.identitiesBytesMax) {
    throw fail([{ path: [], message: `more than ${limits.identitiesBytesMax} bytes` }]);
  }
  let value: unknown;
  try {
    value = JSON.parse(content.replace(/^\uFEFF/, ""));
  } catch (error) {
    // The parser's message quotes the text around the error, which may be a secret.
    if (error instanceof SyntaxError) throw fail([{ path: [], message: `is not JSON${positionOf(error)}` }]);
    throw error;
  }
  const parsed = identities.safeParse(value);
  const found = [
    ...(parsed.success ? [] : foundByZod(parsed.error.issues, namesAt)),
    ...(parsed.success ? contradictions(parsed.data) : []),
  ];
  if (found.length > 0 || !parsed.success) throw fail(found);
  return parsed.data;
}

/** True when the document has an account of this kind: an operator in it takes the place of the first account. */
export function hasOperator(document: IdentitiesDocument): boolean {
  return document.accounts.some(({ kind }) => kind === "operator");
}

function positionOf(error: SyntaxError): string {
  return /at position \d+/.exec(error.message)?.[0].replace(/^/, " ") ?? "";
}

function namesAt(path: readonly PropertyKey[]): string[] {
  const last = path.filter((step) => typeof step === "string").at(-1);
  if (last === undefined) return Object.keys(identities.shape);
  const shapes: Record<string, object> = {
    accounts: account.shape,
    root: account.shape.root.shape,
    users: user.shape,
    keys: key.shape,
  };
  const near = shapes[String(last)] ?? shapes[nearestName(String(last), Object.keys(shapes)) ?? ""];
  return Object.keys(near ?? {});
}

/** What is right by itself and wrong beside the rest. */
function* contradictions(document: IdentitiesDocument): Generator<Found> {
  const accounts = new Map(document.accounts.map((entry) => [entry.accountId, entry]));
  const seen = new Map<string, readonly PropertyKey[]>();
  for (const [index, entry] of document.accounts.entries()) {
    const at = ["accounts", index] as const;
    yield* repeated(seen, "accountId", entry.accountId, [...at, "accountId"]);
    yield* repeated(seen, "canonicalId", entry.canonicalId, [...at, "canonicalId"]);
    yield* keyRepeats(seen, entry.root.keys, [...at, "root"]);
    for (const [userIndex, member] of (entry.users ?? []).entries()) {
      const place = [...at, "users", userIndex] as const;
      yield* repeated(seen, `user name in account ${entry.accountId}`, member.name, [...place, "name"]);
      yield* keyRepeats(seen, member.keys, place);
    }
    const parentProblem = wrongParent(entry, accounts);
    if (parentProblem !== undefined) yield { path: [...at, "parent"], message: parentProblem };
  }
}

function* keyRepeats(
  seen: Map<string, readonly PropertyKey[]>,
  keys: IdentityAccount["root"]["keys"],
  place: readonly PropertyKey[],
): Generator<Found> {
  for (const [index, { accessKeyId }] of (keys ?? []).entries()) {
    yield* repeated(seen, "accessKeyId", accessKeyId, [...place, "keys", index, "accessKeyId"]);
  }
}

function* repeated(
  seen: Map<string, readonly PropertyKey[]>,
  what: string,
  value: string,
  path: readonly PropertyKey[],
): Generator<Found> {
  const first = seen.get(`${what}\0${value}`);
  if (first === undefined) seen.set(`${what}\0${value}`, path);
  else yield { path, message: `the same ${what} stands at ${jsonPointer(first)}` };
}

function wrongParent(entry: IdentityAccount, accounts: ReadonlyMap<string, IdentityAccount>): string | undefined {
  if (entry.parent === undefined) return undefined;
  if (entry.kind === "operator") return "an operator has no account above it";
  const ancestors = new Set([entry.accountId]);
  for (let id: string | undefined = entry.parent; id !== undefined; id = accounts.get(id)?.parent) {
    if (ancestors.has(id)) return "the accounts stand above each other in a circle";
    ancestors.add(id);
    if (ancestors.size > limits.accountDepthMax)
      return `more than ${limits.accountDepthMax} accounts stand above each other`;
  }
  return accounts.get(entry.parent)?.kind === "customer" ? "a customer has no accounts below it" : undefined;
}
