/** Quotas of accounts on writes: judged when a body's length is known and nothing of it is read. Those of buckets their turns judge. */

import type { QuotaBook } from "../account/quota-book.ts";
import type { Quota } from "../control/identity-records.ts";
import type { ControlReader } from "../control/reader.ts";
import type { BucketRecord } from "../control/records.ts";
import { S3Error } from "../s3/errors.ts";
import type { BucketQuota } from "../storage/bucket-row.ts";

/** What a write is judged by; there is none for an account without a quota. */
export interface QuotaClaim {
  /** Owner of the bucket, whoever writes. */
  readonly accountId: string;
  readonly quota: BucketQuota;
  /** Keys that the operation may add. */
  readonly objects: number;
}

/** Operations that add bytes or keys → the keys that they may add. */
const objectsAdded: ReadonlyMap<string, number> = new Map([
  ["PutObject", 1],
  ["CopyObject", 1],
  ["CompleteMultipartUpload", 1],
  ["UploadPart", 0],
  ["UploadPartCopy", 0],
]);

const isBounded = ({ bytes, objects }: Quota): boolean => bytes !== null || objects !== null;

export class WriteQuotas {
  readonly #book: Pick<QuotaBook, "admits">;
  readonly #control: Pick<ControlReader, "account">;

  constructor(book: Pick<QuotaBook, "admits">, control: Pick<ControlReader, "account">) {
    this.#book = book;
    this.#control = control;
  }

  /** The caller has refreshed the control reader. @returns null: nothing bounds the operation */
  claimOf(operation: string, bucket: BucketRecord): QuotaClaim | null {
    const objects = objectsAdded.get(operation);
    if (objects === undefined) return null;
    const { accountId } = bucket;
    const quota = this.#control.account(accountId)?.quota;
    return quota === undefined || !isBounded(quota) ? null : { accountId, quota, objects };
  }

  /** @param bytes what the write may add at most @throws S3Error QuotaExceeded */
  async require({ accountId, quota, objects }: QuotaClaim, bytes: number): Promise<void> {
    if (await this.#book.admits(accountId, quota, bytes, objects)) return;
    throw new S3Error("QuotaExceeded", {
      Message: `The write would exceed the quota of the account that owns the bucket: ${boundsOf(quota)}.`,
    });
  }
}

/** `1000 bytes, 5 objects`; of one that bounds nothing "". */
function boundsOf({ bytes, objects }: BucketQuota): string {
  return [bytes === null ? [] : [`${bytes} bytes`], objects === null ? [] : [`${objects} objects`]].flat().join(", ");
}
