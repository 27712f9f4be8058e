/** Requests to IAM and STS on the S3 port: body, signature and principal first, then the port of the query protocol. */

import { actorOf, mayUseKeys, type Principal } from "../account/principal.ts";
import type { Credential } from "../account/principals.ts";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Caller } from "../iam/caller.ts";
import { QueryError } from "../iam/errors.ts";
import type { QueryAnswer, QueryService } from "../iam/query-answer.ts";
import { asQueryError, queryServiceOf, readSignedForm, refusalAnswer, type SignedForm } from "../iam/query-request.ts";
import type { QueryRequest } from "../iam/service.ts";
import type { HttpRequest, HttpResponse } from "../model/http.ts";
import { evaluate } from "../policy/evaluate.ts";
import { parseQuery } from "../s3/uri.ts";
import { type AddressRanges, type ClientPlace, clientPlace } from "./client-address.ts";
import { conditionValues, type RequestFacts } from "./condition-keys.ts";
import type { KeyUse } from "./key-use.ts";
import type { PrincipalGate } from "./principal-gate.ts";
import { readWholeBody } from "./whole-body.ts";

export interface QueryPortOptions {
  readonly gate: PrincipalGate;
  readonly serve: (request: QueryRequest) => Promise<QueryAnswer>;
  readonly proxies: AddressRanges;
  readonly keyUse: KeyUse;
  /** Of the node: what a use of a key is noted under. */
  readonly region: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const requestIdBytes = 16;

export class QueryPort {
  readonly #options: QueryPortOptions;

  constructor(options: QueryPortOptions) {
    this.#options = options;
  }

  /** Answers a request to IAM or STS; false when it is none. */
  answer(request: HttpRequest, response: HttpResponse): boolean {
    const service = queryServiceOf(request);
    if (service === null) return false;
    const requestId = uuid(this.#options.random.bytes(requestIdBytes));
    this.#serve(request, requestId).then(
      (answer) => send(response, answer),
      (error: unknown) => send(response, this.#refusal(service, error, requestId)),
    );
    return true;
  }

  async #serve(request: HttpRequest, requestId: string): Promise<QueryAnswer> {
    const { clock, proxies, gate, serve, keyUse, region } = this.#options;
    const plain = { framing: { kind: "plain" }, sha256: null } as const;
    const body = await readWholeBody(request, plain, clock, limits.queryBodyBytesMax);
    const nowMs = clock.nowMs();
    let credential: Credential | undefined;
    const lookup = (accessKeyId: string, sessionToken: string | null) => {
      credential = gate.credential(request, accessKeyId, sessionToken);
      return credential;
    };
    const signed = readSignedForm(request, body, lookup, nowMs);
    if (credential === undefined) throw new QueryError("InvalidClientTokenId");
    const { principal } = credential;
    if (principal.temporary === null) keyUse.note(credential, nowMs, signed.service, region);
    const place = clientPlace(request, proxies);
    if (!mayUseKeys(principal.account) || !gate.isWelcome(principal.account, place.address)) {
      throw new QueryError("AccessDenied");
    }
    const caller = callerOf({ principal, request, place, signed, nowMs, requestId });
    return serve({ requestId, service: signed.service, form: signed.form, caller });
  }

  #refusal(service: QueryService, error: unknown, requestId: string): QueryAnswer {
    const known = asQueryError(error);
    if (known !== null) return refusalAnswer(service, known, requestId);
    this.#options.log.error({ requestId, error }, "a request failed for a reason of our own");
    return refusalAnswer(service, new QueryError("InternalFailure"), requestId);
  }
}

interface CallerParts {
  readonly principal: Principal;
  readonly request: HttpRequest;
  readonly place: ClientPlace;
  readonly signed: Pick<SignedForm, "presigned" | "timestamp">;
  readonly nowMs: number;
  readonly requestId: string;
}

/** The principal of a verified request, with the condition keys of that request. */
export function callerOf({ principal, request, place, signed, nowMs, requestId }: CallerParts): Caller {
  const { identity, policies, boundary, sessionPolicies, account } = principal;
  const query = parseQuery(request.rawQuery);
  return {
    principal,
    actor: actorOf(principal, place.address, requestId),
    allows: (action, resource, conditions, side) => {
      const facts: RequestFacts = {
        place,
        headers: request.headers,
        query,
        nowMs,
        authType: signed.presigned ? "REST-QUERY-STRING" : "REST-HEADER",
        signatureVersion: "AWS4-HMAC-SHA256",
        timestamp: signed.timestamp,
        asked: null,
        principal,
        resourceAccountId: side?.accountId ?? account.accountId,
        defersObjectState: false,
        brought: null,
        begun: null,
      };
      const context = (key: string) => conditions[key] ?? conditionValues(facts, key);
      return evaluate(
        { action, resource, principal: identity, context },
        {
          identity: policies,
          boundary,
          session: sessionPolicies,
          resource: side?.policy ?? null,
          resourceAccountId: side?.accountId ?? account.accountId,
        },
      );
    },
  };
}

function send(response: HttpResponse, { status, headers, body }: QueryAnswer): void {
  response.send({ status, headers }, body);
}

/** The form in which IAM and STS number requests: RFC 9562, version 4. */
function uuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, variant + hex.slice(17, 20), hex.slice(20)].join(
    "-",
  );
}
