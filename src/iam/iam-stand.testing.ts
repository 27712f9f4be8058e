/** For tests: the whole of IAM in memory, with a control actor and the policy engine; nothing is stood in for but HTTP. */

import type { ExecutionContext } from "ava";
import { identityBehaviour } from "../account/behaviour.ts";
import type { Principal } from "../account/principal.ts";
import { Principals } from "../account/principals.ts";
import { TemporaryCredentials, TemporaryCredentialsError } from "../account/temporary-credentials.ts";
import { ManualClock } from "../actor/fixtures/manual-clock.ts";
import { silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { ControlActor } from "../control/actor.ts";
import { EmbeddedControlStore } from "../control/embedded-store.ts";
import { createControlMemory } from "../control/environment.ts";
import type { IdentitiesDocument } from "../control/messages.ts";
import { ControlReader } from "../control/reader.ts";
import { ringSecretBox } from "../control/secret-box.ts";
import { KeyRing } from "../keyring/key-ring.ts";
import type { HttpRequest } from "../model/http.ts";
import { evaluate } from "../policy/evaluate.ts";
import { S3Error } from "../s3/errors.ts";
import type { Caller, Conditions } from "./caller.ts";
import type { QueryError } from "./errors.ts";
import { type QueryAnswer, type QueryService, queryVersions } from "./query-answer.ts";
import { asQueryError, readSignedForm, refusalAnswer } from "./query-request.ts";
import { iamPort } from "./service.ts";

export const operator = "111111111111";
export const stranger = "222222222222";

/** Access keys of the identities that every stand has; the secret of each is `secret of <key>`. */
export const keys = {
  root: "ROOTKEY000000000",
  admin: "ADMINKEY00000000",
  /** A user without policies. */
  user: "USERKEY000000000",
  /** Root of another account. */
  stranger: "STRANGERKEY00000",
} as const;

const keyOf = (accessKeyId: string) => ({ accessKeyId, secretAccessKey: `secret-of-${accessKeyId}` });

const identities: IdentitiesDocument = {
  accounts: [
    {
      accountId: operator,
      canonicalId: "canonical-operator",
      displayName: "operator",
      kind: "operator",
      root: { email: "root@operator.test", keys: [keyOf(keys.root)] },
      users: [
        { name: "ada", email: "ada@operator.test", role: "admin", keys: [keyOf(keys.admin)] },
        { name: "uma", email: "uma@operator.test", role: "user", keys: [keyOf(keys.user)] },
      ],
    },
    {
      accountId: stranger,
      canonicalId: "canonical-stranger",
      displayName: "stranger",
      kind: "customer",
      parent: operator,
      root: { email: "root@stranger.test", keys: [keyOf(keys.stranger)] },
    },
  ],
};

export type Params = Readonly<Record<string, string>>;

export async function openIam(t: ExecutionContext) {
  const environment = createControlMemory();
  const clock = new ManualClock();
  const store = new EmbeddedControlStore({ environment, clock, random: systemRandom });
  t.teardown(() => store.close());
  const keyRing = KeyRing.inMemory(systemRandom);
  const secrets = ringSecretBox(keyRing);
  const passwords = {
    hash: async (text: string) => text,
    matches: async (text: string, hash: string) => text === hash,
    needsRehash: () => false,
    burn: async () => undefined,
  };
  const ports = { store, clock, random: systemRandom, passwords, secrets };
  const control = await ControlActor.open({
    ...ports,
    partitions: 1,
    identities: identityBehaviour(ports),
    log: silentLog,
  });
  const applied = await control.handle("identities.apply", { document: identities });
  t.true(applied.ok);
  const temporary = new TemporaryCredentials({ keyRing, clock, random: systemRandom });
  const reader = new ControlReader(environment.snapshot());
  const principals = new Principals({ records: reader, secrets, temporary, clock });
  /** Codes that the second factor takes, as `account/user/code`. */
  const codes = new Set<string>();
  const port = iamPort({
    reader,
    askControl: (type, message) => control.handle(type, message),
    clock,
    credentials: temporary,
    secondFactor: { verify: async (accountId, userName, code) => codes.delete(`${accountId}/${userName}/${code}`) },
    log: silentLog,
  });
  const principalOf = (accessKeyId: string, token: string | null = null): Principal => {
    reader.refresh();
    const found = principals.credential(accessKeyId, token);
    if (found === undefined) throw new Error(`no principal for ${accessKeyId}`);
    return found.principal;
  };
  let requests = 0;
  /** Calls an action without a signature. */
  const call = (
    name: string,
    params: Params = {},
    { as = keys.root, token = null }: { readonly as?: string; readonly token?: string | null } = {},
    service: QueryService = "iam",
  ): Promise<QueryAnswer> =>
    port({
      requestId: `R${++requests}`,
      service,
      form: formOf({ Action: name, Version: queryVersions[service], ...params }),
      caller: callerOf(principalOf(as, token)),
    });
  /** The way of an HTTP request, with its signature. */
  const serve = async (request: HttpRequest, body: Uint8Array): Promise<QueryAnswer> => {
    const requestId = `R${++requests}`;
    try {
      const signed = readSignedForm(request, body, lookup, clock.nowMs());
      const token = request.headers.get("x-amz-security-token") ?? null;
      const caller = callerOf(principalOf(signed.accessKeyId, token));
      return await port({ requestId, service: signed.service, form: signed.form, caller });
    } catch (error) {
      const known: QueryError | null = asQueryError(error);
      if (known === null) throw error;
      return refusalAnswer("iam", known, requestId);
    }
  };
  const lookup = (accessKeyId: string, token: string | null) => {
    reader.refresh();
    try {
      return principals.credential(accessKeyId, token);
    } catch (error) {
      if (!(error instanceof TemporaryCredentialsError)) throw error;
      throw new S3Error(error.code === "ExpiredToken" ? "ExpiredToken" : "InvalidToken");
    }
  };
  /** The caller of an access key, for the port. */
  const callerByKey = (accessKeyId: string): Caller => callerOf(principalOf(accessKeyId));
  return { call, serve, port, callerOf: callerByKey, principalOf, control, reader, clock, codes, store };
}

export type IamStand = Awaited<ReturnType<typeof openIam>>;

export function formOf(params: Params): string {
  return new URLSearchParams(params).toString();
}

/** A caller whose global condition keys are those of its identity alone. */
export function callerOf(principal: Principal): Caller {
  const { identity, account, userName, temporary } = principal;
  const own: Record<string, readonly string[] | undefined> = {
    "aws:username": userName === null ? undefined : [userName],
    "aws:principalaccount": [account.accountId],
    "aws:principalarn": identity.kind === "anonymous" ? undefined : [identity.roleArn ?? identity.arn],
    "aws:multifactorauthpresent": temporary === null ? undefined : [String(temporary.mfa)],
  };
  return {
    principal,
    actor: {
      accountId: account.accountId,
      name: principal.name,
      kind: principal.role === "session" ? "role" : "user",
      via: "key",
      original: null,
      address: "192.0.2.1",
      requestId: null,
    },
    allows: (action, resource, conditions: Conditions, side) =>
      evaluate(
        { action, resource, principal: identity, context: (key) => conditions[key] ?? own[key] },
        {
          identity: principal.policies,
          boundary: principal.boundary,
          session: principal.sessionPolicies,
          resource: side?.policy ?? null,
          resourceAccountId: side?.accountId ?? account.accountId,
        },
      ),
  };
}

/** The text of the first element of that name in an answer, or null. */
export function textOf({ body }: Pick<QueryAnswer, "body">, element: string): string | null {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(body)?.[1] ?? null;
}

/** The texts of all elements of that name. */
export function textsOf({ body }: Pick<QueryAnswer, "body">, element: string): string[] {
  return [...body.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, "g"))].map(([, text = ""]) => text);
}
