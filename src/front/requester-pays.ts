/**
 * Buckets whose requests are paid for by who makes them. Strangers say that they will pay, or are refused; what they ask and
 * get is counted as their own. Its owner's account pays for what it asks, and for what the bucket holds.
 * Source: AWS "Using Requester Pays general purpose buckets for storage transfers and usage".
 */

import { hash } from "node:crypto";
import { anonymousPrincipal } from "../account/principal.ts";
import { bucketId } from "../base/ids.ts";
import type { BucketRecord } from "../control/records.ts";
import type { Headers, ResponseHead } from "../model/http.ts";
import type { Operation } from "../operations/context.ts";
import { S3Error } from "../s3/errors.ts";
import type { Judge } from "./judge.ts";
import type { TalliedBucket } from "./usage-tally.ts";

/** Who asks, and with which headers; those of a presigned request or a form count as its own. */
export interface Payer {
  readonly accountId: string;
  readonly headers: Headers;
}

/** Whether an operation is one that somebody pays for: its input says whether the requester will. */
export const isPaidFor = ({ input }: Pick<Operation, "input">): boolean => "RequestPayer" in input.members;

/**
 * Whether the requester pays. Where he owns the bucket, its configuration is not asked for.
 * @throws S3Error AccessDenied for who does not say so, and for who is nobody that could pay
 */
export function requesterPays(
  bucket: BucketRecord,
  judge: Pick<Judge, "configurationOf">,
  { accountId, headers }: Payer,
): boolean {
  if (bucket.accountId === accountId || judge.configurationOf(bucket).get("requestPayment") !== "Requester")
    return false;
  if (accountId === anonymousPrincipal.account.accountId) {
    throw new S3Error("AccessDenied", { Message: "The requester pays in this bucket: requests to it are signed." });
  }
  if (headers.get("x-amz-request-payer") !== "requester") {
    throw new S3Error("AccessDenied", {
      Message: "The requester pays in this bucket: a request to it says x-amz-request-payer: requester.",
    });
  }
  return true;
}

const charged: ResponseHead["headers"] = [["x-amz-request-charged", "requester"]];
const none: ResponseHead["headers"] = [];

/** What an answer says to a requester who pays: only where the operation's output has it. */
export const chargedHeaders = (
  { isCharged, operation }: { readonly isCharged: boolean; readonly operation: Operation | null },
  errorCode: string | null,
): ResponseHead["headers"] =>
  isCharged && errorCode === null && operation !== null && "RequestCharged" in operation.output.members
    ? charged
    : none;

const shareIdChars = 32;

/**
 * Where the usage of a bucket is counted that another account pays for: beside the bucket, under an id that is made of both,
 * as a bucket of that account that holds nothing.
 */
export function shareOf({ id, partition, name }: BucketRecord, accountId: string): TalliedBucket {
  const digest = hash("sha256", `requester pays ${id} ${accountId}`);
  return { id: bucketId(digest.slice(0, shareIdChars)), partition, payer: { name, accountId } };
}
