/** The owner that a client expects a bucket to have. */

import type { BucketRecord } from "../control/records.ts";
import type { Headers } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";

/**
 * Judges `x-amz-expected-bucket-owner`, which any operation on a bucket takes.
 * @throws S3Error AccessDenied when another account owns the bucket, InvalidBucketOwnerAWSAccountID unless it is 12 digits
 * Source: AWS "Verifying bucket ownership with bucket owner condition".
 */
export const checkExpectedOwner = (
  headers: Headers,
  bucket: BucketRecord,
  header = "x-amz-expected-bucket-owner",
): void => {
  const expected = headers.get(header);
  if (expected === undefined) return;
  if (!/^\d{12}$/.test(expected)) {
    throw new S3Error("InvalidBucketOwnerAWSAccountID");
  }
  if (expected !== bucket.accountId) throw new S3Error("AccessDenied");
};
