/**
 * The admin API's way from a request to an answer, in one place: route, authenticate, admit, read, decode, judge, handle,
 * answer. A handler never sees a request that was not admitted, and every error becomes a problem document here.
 */

import { isSeenDue } from "../account/session-life.ts";
import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { Outcome } from "../base/outcome.ts";
import type { ControlProtocol } from "../control/messages.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../model/http.ts";
import { admit } from "./admit.ts";
import { authenticateAdmin } from "./authenticate.ts";
import { bodySha256, readAdminBody } from "./body.ts";
import { type Caller, type CallerSession, callerName } from "./caller.ts";
import type { AdminServices } from "./context.ts";
import type { AdminInput, AdminRow } from "./declaration.ts";
import { decodeAdminInput } from "./decode.ts";
import { securityHeaders } from "./headers.ts";
import { type AdminAnswer, IdempotencyStore } from "./idempotency.ts";
import { openApiDocument } from "./openapi.ts";
import { refuseForeignOrigin, refuseForgedRequest } from "./origin.ts";
import { AdminError, answerOf, asAdminError, problemDocument } from "./problem.ts";
import type { Proofs } from "./proofs.ts";
import { RequestContext } from "./request-context.ts";
import { type AdminRouter, compileAdminRoutes } from "./router.ts";

export const openApiPath = "/apidoc/openapi.json";

export interface AdminPortOptions {
  readonly rows: readonly AdminRow[];
  readonly services: AdminServices;
  readonly proofs: Proofs;
  /** Asks the control actor. Never rejects. */
  readonly askControl: <T extends keyof ControlProtocol>(
    type: T,
    message: ControlProtocol[T][0],
  ) => Promise<Outcome<ControlProtocol[T][1]>>;
  /** Where a request really comes from: its peer, or what a trusted proxy says. */
  readonly placeOf: (request: HttpRequest) => { readonly address: string; readonly secure: boolean };
  /** `console.publicUrl`; null = the origin of a page is the host that it was asked at. */
  readonly publicUrl: string | null;
}

/** What is known of a request while it is served. */
interface Progress {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly requestId: string;
  /** Of the client, behind trusted proxies. */
  readonly address: string;
  readonly isSecure: boolean;
  readonly isLocal: boolean;
}

const requestIdBytes = 8;
const jsonType = ["content-type", "application/json"] as const;
const csvType = "text/csv; charset=utf-8";
const problemJsonType = ["content-type", "application/problem+json"] as const;

/** Serves `/api/` and `/apidoc/openapi.json`. One per console port. */
export class AdminPort {
  readonly #options: AdminPortOptions;
  readonly #route: AdminRouter;
  readonly #remembered: IdempotencyStore;
  #openApi: string | null = null;

  constructor(options: AdminPortOptions) {
    this.#options = options;
    this.#route = compileAdminRoutes(options.rows);
    this.#remembered = new IdempotencyStore(options.services.clock);
  }

  /** True for paths that `handle` answers. */
  serves(rawPath: string): boolean {
    return rawPath === "/api" || rawPath.startsWith("/api/") || rawPath === openApiPath;
  }

  /** Requests of the console port. */
  readonly handle: HttpHandler = (request, response) => this.#begin(request, response, false);

  /** Requests of a socket that only the machine's owner can open: they are the product's own. */
  readonly handleLocal: HttpHandler = (request, response) => this.#begin(request, response, true);

  #begin(request: HttpRequest, response: HttpResponse, isLocal: boolean): void {
    const { services, publicUrl, placeOf } = this.#options;
    const requestId = services.random.bytes(requestIdBytes).toString("hex").toUpperCase();
    const { address, secure } = placeOf(request);
    const isSecure = secure || (publicUrl?.startsWith("https://") ?? false);
    const progress = { request, response, requestId, address, isSecure, isLocal };
    this.#serve(progress).then(
      (answer) => this.#answer(progress, answer),
      (error: unknown) => this.#fail(progress, error),
    );
  }

  async #serve(progress: Progress): Promise<AdminAnswer> {
    const { request, isLocal, requestId, address, isSecure } = progress;
    const { services, proofs } = this.#options;
    if (request.rawPath === openApiPath) return this.#document(request);
    const { row, params } = this.#route(request.method, request.rawPath);
    services.reader.refresh();
    const arrival = { request, requestId, address, isSecure, isLocal, nowMs: services.clock.nowMs() };
    const proven = authenticateAdmin(arrival, services.reader, proofs);
    const { caller } = proven;
    if (caller?.session && isSeenDue(caller.session.record, arrival.nowMs))
      this.#recordSeen(caller.session, arrival.nowMs);
    this.#judgeOrigin(progress, row, caller);
    this.#admit(row, caller, params);
    const bytes = await readAdminBody(request, row.body !== null, services.clock);
    if (proven.bodySha256 !== null && proven.bodySha256 !== bodySha256(bytes)) {
      throw new AdminError("NotSignedIn", "The body is not the one that was signed.");
    }
    const input = decodeAdminInput(row, params, request.rawQuery, bytes);
    const key = request.headers.get("idempotency-key");
    if (!row.isIdempotent || key === undefined || caller === null) return this.#run(progress, row, caller, input);
    const fingerprint = bodySha256(Buffer.concat([Buffer.from(`${request.rawPath}?${request.rawQuery}\n`), bytes]));
    const once = { scope: `${callerName(caller)} ${row.name}`, key, fingerprint };
    return this.#remembered.once(once, () => this.#run(progress, row, caller, input));
  }

  #judgeOrigin({ request, isSecure, isLocal }: Progress, row: AdminRow, caller: Caller | null): void {
    if (isLocal || row.method === "GET") return;
    const rules = { publicUrl: this.#options.publicUrl, isSecure };
    const session = caller?.session ?? null;
    if (session === null || row.admits.who.includes("none")) refuseForeignOrigin(request, rules);
    else refuseForgedRequest(request, rules, session.record);
  }

  #admit(row: AdminRow, caller: Caller | null, params: Readonly<Record<string, string>>): void {
    try {
      admit(row, caller);
    } catch (error) {
      if (error instanceof AdminError && caller !== null) this.#recordDenial(row, caller, params);
      throw error;
    }
  }

  async #run(progress: Progress, row: AdminRow, caller: Caller | null, input: AdminInput): Promise<AdminAnswer> {
    const { request, requestId, address, isSecure } = progress;
    const { services, askControl } = this.#options;
    services.reader.refresh();
    const context = new RequestContext({
      requestId,
      request,
      address,
      isSecure,
      caller,
      services,
      recordDenial: () => {
        if (caller !== null) this.#recordDenial(row, caller, input.params);
      },
      ask: async (type, message) => {
        const outcome = await askControl(type, message);
        services.reader.refresh();
        return answerOf(outcome);
      },
    });
    const { action } = row.admits;
    if (action !== null && caller !== null) {
      const resource = row.resource(input, caller.account.accountId, services.reader);
      context.demand(action, resource, row.conditions(input));
    }
    return encodeAnswer(row, await row.handler(input, context), context);
  }

  /** A refused change is worth a row of the audit log; a refused look is not. */
  #recordDenial(row: AdminRow, caller: Caller, params: Readonly<Record<string, unknown>>): void {
    if (row.method === "GET") return;
    const { services, askControl } = this.#options;
    const target = Object.values(params).map(String).join("/").slice(0, limits.adminAuditTargetCharsMax);
    const { accountId } = caller.account;
    askControl("audit.write", { by: caller.actor, action: row.name, outcome: "denied", accountId, target, detail: {} })
      .then(answerOf)
      .catch((error: unknown) =>
        services.log.error({ error }, "a refused request could not be written to the audit log"),
      );
  }

  #recordSeen({ hash }: CallerSession, seenMs: number): void {
    this.#options
      .askControl("session.seen", { sessionHash: hash, seenMs })
      .then(answerOf)
      .catch((error: unknown) => {
        // InvalidToken: the session has just been ended or renewed.
        if (!(error instanceof AdminError)) throw error;
        this.#options.services.log.debug({ error }, "a session could not be marked as seen");
      });
  }

  #document(request: HttpRequest): AdminAnswer {
    if (request.method !== "GET") throw new AdminError("MethodNotAllowed", "", { headers: [["allow", "GET"]] });
    this.#openApi ??= JSON.stringify(openApiDocument(this.#options.rows));
    return { status: 200, headers: [jsonType], body: this.#openApi, hasSecret: false };
  }

  #answer({ response, requestId }: Progress, { status, headers, body }: AdminAnswer): void {
    const head = { status, headers: [...securityHeaders, ["x-request-id", requestId] as const, ...headers] };
    if (body === null) response.send(head);
    else response.send(head, body);
  }

  #fail(progress: Progress, error: unknown): void {
    const { requestId } = progress;
    const known = asAdminError(error) ?? new AdminError("InternalError");
    if (known.status >= 500) this.#options.services.log.error({ error, requestId }, "an admin request failed");
    const body = JSON.stringify(problemDocument(known, requestId));
    const headers = [problemJsonType, ...known.headers];
    this.#answer(progress, { status: known.status, headers, body, hasSecret: false });
  }
}

/** What the row does not declare does not leave: a member too many is a fault of ours, not an answer. */
function encodeAnswer(row: AdminRow, value: unknown, { headers, hasShownSecret }: RequestContext): AdminAnswer {
  const { reply, status } = row;
  const hasSecret = row.hasSecret || hasShownSecret;
  if (reply === null) return { status, headers, body: null, hasSecret };
  if ("kind" in reply && reply.kind === "json or csv") {
    return typeof value === "string"
      ? { status, headers: [["content-type", csvType], ...headers], body: value, hasSecret }
      : { status, headers: [jsonType, ...headers], body: JSON.stringify(reply.json.parse(value)), hasSecret };
  }
  if ("kind" in reply) {
    assert(typeof value === "string", `${row.name} answers text`);
    return { status, headers: [["content-type", reply.contentType], ...headers], body: value, hasSecret };
  }
  return { status, headers: [jsonType, ...headers], body: JSON.stringify(reply.parse(value)), hasSecret };
}
