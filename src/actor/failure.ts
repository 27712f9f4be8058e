/** Tells what an error means for a thread: an answer to the asker, or the end of the thread. */

import type { Outcome } from "../base/outcome.ts";
import { asS3Error, toOutcome } from "../s3/errors.ts";
import { BodyLengthError } from "../storage/body-writer.ts";
import { DiskError, isDiskError } from "../storage/disk.ts";
import { refusal } from "./envelope.ts";

/** A failure that is answered; `isFault` says that it belongs in the log. */
export interface Failure {
  readonly outcome: Outcome<never>;
  readonly isFault: boolean;
}

/**
 * An S3 error travels as it is. An error of the disk is InternalError, or InsufficientStorage when space has run
 * out: that is no fault, and the log has a line for it when it begins (storage/free-space.ts).
 * @returns null for everything else: a programmer error, on which the thread must end
 */
export function failureOf(error: unknown): Failure | null {
  const known = asS3Error(error);
  if (known !== null) return { outcome: toOutcome(known), isFault: false };
  if (error instanceof BodyLengthError) return { outcome: refusal("IncompleteBody"), isFault: false };
  if (isDiskError(error, "ENOSPC", "EDQUOT")) return { outcome: refusal("InsufficientStorage"), isFault: false };
  if (error instanceof DiskError) return { outcome: refusal("InternalError"), isFault: true };
  return null;
}
