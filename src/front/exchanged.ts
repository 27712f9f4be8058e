/** What is told of every answered request. */

import type { Principal } from "../account/principal.ts";
import type { BucketRecord } from "../control/records.ts";
import type { HttpRequest } from "../model/http.ts";
import type { EncodedAnswer } from "../model/http-binding.ts";
import type { ReportedItem } from "../operations/context.ts";

/** One answered request, for the access log and the metrics. */
export interface Exchanged {
  readonly requestId: string;
  /** The operation's name, or "" when the request did not get that far. */
  readonly operation: string;
  readonly status: number;
  readonly errorCode: string | null;
  readonly request: HttpRequest;
  readonly bucket: string | null;
  readonly key: string | null;
  readonly accessKeyId: string | null;
  /** Canonical id of an account, or a user's or role session's ARN; null: anonymous, or not known. */
  readonly requester: string | null;
  /** The bucket that was asked for by somebody who may; what is refused before is nobody's usage. */
  readonly target: BucketRecord | null;
  /** Account that pays for it in the place of the bucket's owner; null: he does. */
  readonly payer: string | null;
  /** Its body is over. */
  readonly answer: EncodedAnswer | null;
  /** What became of each object of a list; null: the request had none. */
  readonly items: (() => readonly ReportedItem[]) | null;
  readonly bytesIn: number;
  /** Body bytes that the connection has taken. */
  readonly bytesOut: number;
  readonly durationMs: number;
}

/** As server access logs name who asked. */
export const requesterOf = ({ identity }: Principal): string | null => {
  if (identity.kind === "anonymous") return null;
  return identity.kind === "root" ? identity.canonicalId : identity.arn;
};
