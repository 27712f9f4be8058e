/** The outcome of a verified signature. */

import type { Headers } from "../model/http.ts";
import type { SignedPayload } from "./payload.ts";

export interface Authenticated {
  readonly accessKeyId: string;
  /** True when the credentials came in the query. */
  readonly presigned: boolean;
  readonly version: "AWS4-HMAC-SHA256" | "AWS";
  /** When it was signed: YYYYMMDDTHHMMSSZ; "" in version 2, which says when it ends. */
  readonly timestamp: string;
  /** That it was signed for; "" in version 2, which names none. */
  readonly region: string;
  readonly payload: SignedPayload;
  /** Lower case, sorted. */
  readonly signedHeaders: readonly string[];
  /** Those of the request; of a presigned one also those in its query. */
  readonly headers: Headers;
}
