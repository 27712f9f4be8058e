/** Turns that read and change a bucket's configuration. */

import { assert } from "../base/assert.ts";
import { S3Error } from "../s3/errors.ts";
import { isPrivate } from "../s3/object-ownership.ts";
import { fitsConfiguration, writeConfiguration } from "../storage/configuration-rows.ts";
import { type BucketConfiguration, type ConfigurationField, fieldCode, withField } from "./configuration.ts";
import type { BucketReply, BucketRequest } from "./messages.ts";
import type { BucketMemory, Turn } from "./turn.ts";

/** What is judged by the bucket's state before a field is set or (null) removed. Throws S3Error. */
type Judge<F extends ConfigurationField> = (turn: Turn, value: BucketConfiguration[F] | null) => void;

/** Object lock is for good, and needs versions. Source: AWS "Object Lock considerations". */
const judgeObjectLock: Judge<"objectLock"> = (turn, value) => {
  assert(value !== null, "object lock is never taken from a bucket");
  if (turn.row.versioning === "Enabled") return;
  throw new S3Error("InvalidBucketState", {
    Message: "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
  });
};

const judges: { readonly [F in ConfigurationField]?: Judge<F> } = {
  objectLock: judgeObjectLock,
  replication: (turn, value) => {
    if (value === null || turn.row.versioning === "Enabled") return;
    throw new S3Error("InvalidRequest", {
      Message: "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
    });
  },
  // Source: AWS PutBucketOwnershipControls: a bucket whose ACL grants anything to others keeps its ACLs.
  ownershipControls: (turn, value) => {
    const acl = value === "BucketOwnerEnforced" ? turn.configuration("acl") : null;
    if (acl !== null && !isPrivate(acl, acl.ownerId)) throw new S3Error("InvalidBucketAclWithObjectOwnership");
  },
};

/** Holds for every turn after this one. Errors: OperationAborted, InsufficientStorage, EntityTooLarge, those of the field's judge. */
export function configure(
  memory: BucketMemory,
  { field, value }: BucketRequest<"bucket.configure">,
): Promise<BucketReply<"bucket.configure">> {
  return memory.turn((turn) => {
    turn.requireOpen();
    if (value !== null) turn.requireRoom();
    if (!fitsConfiguration(value)) throw new S3Error("EntityTooLarge");
    // A field and its value come as a pair: the judge is that of the field.
    const judge = judges[field] as Judge<typeof field> | undefined;
    judge?.(turn, value);
    const stamp = turn.stamp();
    writeConfiguration(turn.trees.buckets, turn.bucket, fieldCode(field), value, stamp);
    const fields = withField(turn.row.fields, field, value !== null);
    memory.writeRow(turn.trees, { ...turn.row, fields, configuredSeq: turn.seq });
    turn.writeTotals({}, stamp);
    return {};
  });
}

/** Through a turn, so that the answer is that of a commit. */
export function configuration(
  memory: BucketMemory,
  { field }: BucketRequest<"bucket.configuration">,
): Promise<BucketReply<"bucket.configuration">> {
  return memory.turn((turn) => ({ value: turn.configuration(field) }));
}
