/** The outcome of a verified signature. */

import type { Headers } from "../model/http.ts";
import type { SignedPayload } from "./payload.ts";

export interface Authenticated {
  readonly accessKeyId: string;
  /** True when the credentials came in the query. */
  readonly presigned: boolean;
  readonly payload: SignedPayload;
  /** Lower case, sorted. */
  readonly signedHeaders: readonly string[];
  /** Those of the request; of a presigned one also those in its query. */
  readonly headers: Headers;
}
