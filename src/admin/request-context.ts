/** One request of the admin API as its handler sees it. */

import { assert } from "../base/assert.ts";
import { limits } from "../base/limits.ts";
import type { UserRecord } from "../control/identity-records.ts";
import type { HttpRequest } from "../model/http.ts";
import type { CompiledPolicy } from "../policy/compile.ts";
import type { Caller, CallerSession } from "./caller.ts";
import type { AdminContext, AdminServices } from "./context.ts";
import type { Conditions } from "./declaration.ts";
import type { JudgedRequest } from "./policies.ts";
import { AdminError } from "./problem.ts";
import type { AdminRecords } from "./records.ts";

interface Parts {
  readonly requestId: string;
  readonly request: HttpRequest;
  readonly isSecure: boolean;
  readonly address: string;
  readonly caller: Caller | null;
  readonly services: AdminServices;
  readonly ask: AdminContext["ask"];
  /** Policies have refused something: a row of the audit log. */
  readonly recordDenial: () => void;
}

export class RequestContext implements AdminContext {
  readonly requestId: string;
  readonly services: AdminServices;
  readonly isSecure: boolean;
  readonly address: string;
  readonly headers: (readonly [name: string, value: string])[] = [];
  readonly ask: AdminContext["ask"];
  hasShownSecret = false;
  readonly #request: HttpRequest;
  readonly #caller: Caller | null;
  readonly #recordDenial: () => void;

  constructor(parts: Parts) {
    this.requestId = parts.requestId;
    this.services = parts.services;
    this.isSecure = parts.isSecure;
    this.address = parts.address;
    this.ask = parts.ask;
    this.#request = parts.request;
    this.#caller = parts.caller;
    this.#recordDenial = parts.recordDenial;
  }

  get userAgent(): string {
    return (this.#request.headers.get("user-agent") ?? "").slice(0, limits.adminUserAgentCharsMax);
  }

  get tenant(): string | null {
    return this.services.tenantOf(this.#request.headers.get("host") ?? "");
  }

  get caller(): Caller {
    assert(this.#caller !== null, "the row admits nobody without proof");
    return this.#caller;
  }

  get self(): UserRecord {
    const { user } = this.caller;
    if (user === null)
      throw new AdminError("AccessDenied", "Name an account's user: the node itself has none of these.");
    return user;
  }

  get session(): CallerSession {
    const { session } = this.caller;
    assert(session !== null, "the row admits sessions only");
    return session;
  }

  get reader(): AdminRecords {
    return this.services.reader;
  }

  allows(action: string, resource: string): boolean {
    return this.#allows(action, resource, {});
  }

  #allows(action: string, resource: string, conditions: Conditions): boolean {
    return this.services.policies.allows(this.caller, action, resource, this.#judged(conditions));
  }

  isDeniedBy(policy: CompiledPolicy, action: string, resource: string): boolean {
    return this.services.policies.isDeniedBy(policy, this.caller, { action, resource }, this.#judged({}));
  }

  demand(action: string, resource: string, conditions: Conditions = {}): void {
    if (this.#allows(action, resource, conditions)) return;
    this.#recordDenial();
    throw new AdminError("AccessDenied", `No policy allows you ${action} on ${resource}.`);
  }

  judgeTransport(): void {
    const isSafe = this.isSecure || this.services.allowsPlainHttp || isLoopback(this.address);
    if (!isSafe) throw new AdminError("InsecureTransport", "Use HTTPS, or the machine itself.");
  }

  showsSecret(): void {
    this.hasShownSecret = true;
  }

  setHeader(name: string, value: string): void {
    this.headers.push([name, value]);
  }

  #judged(conditions: Conditions): JudgedRequest {
    return {
      conditions,
      address: this.address,
      userAgent: this.userAgent,
      isSecure: this.isSecure,
      nowMs: this.services.clock.nowMs(),
    };
  }
}

/** Source: RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3. */
function isLoopback(address: string): boolean {
  return address === "::1" || /^127\.\d+\.\d+\.\d+$/.test(address);
}
