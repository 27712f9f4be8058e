/** Judges whether a state-changing request comes from the console's own pages: SameSite alone is not relied upon. */

import { isCsrfOf } from "../account/session-reader.ts";
import type { SessionRecord } from "../control/identity-records.ts";
import type { HttpRequest } from "../model/http.ts";
import { AdminError } from "./problem.ts";

export const csrfHeader = "x-troupe-csrf";

export interface OriginRules {
  /** `https://console.example.com`, or null: the origin has to be the host that the request itself names. */
  readonly publicUrl: string | null;
  readonly isSecure: boolean;
}

function isOwnOrigin(request: HttpRequest, { publicUrl, isSecure }: OriginRules): boolean {
  const origin = request.headers.get("origin");
  const host = request.headers.get("host") ?? "";
  return origin === (publicUrl ?? `${isSecure ? "https" : "http"}://${host}`);
}

/**
 * For routes without a session (sign-in, links): a browser always says where a POST comes from, a program need not.
 * @throws AdminError CrossSiteRequest
 */
export function refuseForeignOrigin(request: HttpRequest, rules: OriginRules): void {
  const site = request.headers.get("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none") throw new AdminError("CrossSiteRequest");
  if (request.headers.has("origin") && !isOwnOrigin(request, rules)) throw new AdminError("CrossSiteRequest");
}

/**
 * For requests of a session that change something: origin, and the token that only the console's pages can read.
 * @throws AdminError CrossSiteRequest
 */
export function refuseForgedRequest(request: HttpRequest, rules: OriginRules, session: SessionRecord): void {
  refuseForeignOrigin(request, rules);
  if (!isOwnOrigin(request, rules)) throw new AdminError("CrossSiteRequest", "The Origin header is missing.");
  if (!isCsrfOf(session, request.headers.get(csrfHeader) ?? "")) {
    throw new AdminError("CrossSiteRequest", `The header ${csrfHeader} is missing or not the session's.`);
  }
}
