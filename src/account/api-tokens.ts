/** API tokens: credentials of programs. A token acts as the user who made it, within its scope, until it expires. */

import { limits } from "../base/limits.ts";
import type { IdentityMessages } from "../control/identity-messages.ts";
import { type ApiTokenRecord, identityKeys, type TokenScope } from "../control/identity-records.ts";
import { accepted, refused } from "../control/messages.ts";
import { decodeRecord, getTyped, putTyped } from "../control/typed-records.ts";
import { judgeUser } from "./judged-user.ts";
import { newToken } from "./secret-token.ts";
import { type Answer, auditRefusal, commit, type Nothing, type Request, type SignInPorts } from "./sign-in-ports.ts";

type Created = IdentityMessages["token.create"][1];

/**
 * `token.create`: by the user itself, and not by a token, which could otherwise make one of a wider scope. EntityAlreadyExists for a name that the user has given before; LimitExceeded beyond `limits.apiTokensPerUserMax`.
 */
export async function createToken(ports: SignInPorts, request: Request<"token.create">): Answer<"token.create"> {
  const { by, accountId, userName, name, scope, expiresMs } = request;
  const event = { action: "token.create", accountId, target: `user/${userName}`, by };
  const outcome = await commit<Created>(ports, async () => {
    if (by.via === "token") return refused("AccessDenied");
    const owner = await judgeUser(ports.store, "token.create", request);
    if (!owner.ok) return owner;
    const problem = problemOf(request, ports.clock.nowMs());
    if (problem !== null) return refused("InvalidInput", { Message: problem });
    const tokens = await tokensOf(ports, accountId, userName);
    if (tokens.some((token) => token.name === name)) return refused("EntityAlreadyExists");
    if (tokens.length >= limits.apiTokensPerUserMax) return refused("LimitExceeded");
    const { token, hash } = newToken("api", ports.random);
    const tokenId = ports.random.bytes(8).toString("hex");
    const createdMs = ports.clock.nowMs();
    const record: ApiTokenRecord = { tokenId, name, accountId, userName, scope, expiresMs, createdMs };
    return accepted({
      compare: owner.value.compare,
      operations: [
        putTyped(identityKeys.token(hash), record),
        putTyped(identityKeys.userToken(accountId, userName, tokenId), { hash }),
        // Counts the tokens: of two made at once, the second looks again.
        putTyped(identityKeys.user(accountId, userName), owner.value.user),
      ],
      audit: [{ ...event, outcome: "done", detail: { token: tokenId, name, scope } }],
      reply: { token, record },
    });
  });
  return auditRefusal(ports, outcome, event);
}

/** `token.delete`: by the user, or an administrator above. NoSuchEntity for a token that is not the user's. */
export async function deleteToken(ports: SignInPorts, request: Request<"token.delete">): Answer<"token.delete"> {
  const { by, accountId, userName, tokenId } = request;
  const event = { action: "token.delete", accountId, target: `user/${userName}`, by };
  const outcome = await commit<Nothing>(ports, async () => {
    const judged = await judgeUser(ports.store, "token.delete", request);
    if (!judged.ok) return judged;
    const key = identityKeys.userToken(accountId, userName, tokenId);
    const index = await getTyped<{ hash: string }>(ports.store, key);
    if (index.value === undefined) return refused("NoSuchEntity");
    return accepted({
      compare: [...judged.value.compare, { key, revision: index.revision }],
      operations: [
        { kind: "remove" as const, key },
        { kind: "remove" as const, key: identityKeys.token(index.value.hash) },
      ],
      audit: [{ ...event, outcome: "done", detail: { token: tokenId } }],
      reply: {},
    });
  });
  return auditRefusal(ports, outcome, event);
}

const scopes: readonly TokenScope[] = ["usage", "customers", "all"];

function problemOf({ name, scope, expiresMs }: Request<"token.create">, nowMs: number): string | null {
  if (!scopes.includes(scope)) return `a token's scope is one of ${scopes.join(", ")}`;
  if (name === "" || [...name].length > limits.apiTokenNameCharsMax || /[\p{Cc}\p{Surrogate}]/u.test(name)) {
    return `a token's name has 1 to ${limits.apiTokenNameCharsMax} characters and no control characters`;
  }
  if (expiresMs === null) return null;
  if (Number.isSafeInteger(expiresMs) && expiresMs > nowMs && expiresMs <= nowMs + limits.apiTokenMsMax) return null;
  return "a token expires in the future, within ten years";
}

/** Those that have expired included, until they are deleted. */
async function tokensOf(ports: SignInPorts, accountId: string, userName: string): Promise<ApiTokenRecord[]> {
  const found: ApiTokenRecord[] = [];
  for (const row of await ports.store.list(identityKeys.userToken(accountId, userName, ""))) {
    const { hash } = decodeRecord<{ hash: string }>(row.value);
    const { value } = await getTyped<ApiTokenRecord>(ports.store, identityKeys.token(hash));
    if (value !== undefined) found.push(value);
  }
  return found;
}
