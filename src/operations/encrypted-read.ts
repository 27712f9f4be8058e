/** Reading objects that may be encrypted: the key is checked and brought before a byte is read. */

import type { DeleteMarkerView, ObjectView, OpenObject } from "../bucket/read.ts";
import type { BucketRecord } from "../control/records.ts";
import { S3Error } from "../s3/errors.ts";
import type { Services } from "./context.ts";
import { type CustomerKey, judgeCustomerKey } from "./customer-key.ts";
import type { EncryptedObject } from "./data-keys.ts";

/** The version to read. */
export interface ReadVersion {
  readonly bucket: BucketRecord;
  readonly key: string;
  readonly versionId?: string | undefined;
}

/** Leaves the block in which a record was read, because a key has to be waited for. */
class KeyIsAway extends Error {
  override readonly name = "KeyIsAway";
  readonly object: EncryptedObject;

  constructor(object: EncryptedObject) {
    super("the data key is not at hand");
    this.object = object;
  }
}

type Use<R> = (found: ObjectView | DeleteMarkerView | null, open: OpenObject) => R;

/** Tries of one read: each waits for one key, and the object may be replaced meanwhile. */
const triesMax = 4;

/**
 * As `services.objects.read`, with objects decrypted as `open` reads them. The answer is at hand unless a key must be waited
 * for; then the object is looked up anew, so that it is the current one still.
 * @param customer the key that came with the request
 * @throws (or rejects with) what `read` and `use` throw; S3Error InvalidRequest, AccessDenied of a customer's key;
 * KMS.NotFoundException, ServiceUnavailable
 */
export const readDecrypted = <R>(
  services: Services,
  version: ReadVersion,
  customer: CustomerKey | null,
  use: Use<R>,
): R | Promise<R> => {
  try {
    return tryToRead(services, version, customer, use);
  } catch (error) {
    if (error instanceof KeyIsAway) return readAgain(services, version, { customer, away: error }, use);
    throw error;
  }
};

const readAgain = async <R>(
  services: Services,
  version: ReadVersion,
  { customer, away }: { readonly customer: CustomerKey | null; readonly away: KeyIsAway },
  use: Use<R>,
): Promise<R> => {
  let { object } = away;
  for (let tries = 1; tries < triesMax; tries++) {
    await services.encryption.dataKeys.open(services, object);
    try {
      return tryToRead(services, version, customer, use);
    } catch (error) {
      if (!(error instanceof KeyIsAway)) throw error;
      object = error.object;
    }
  }
  throw new S3Error("SlowDown");
};

const tryToRead = <R>(
  { objects, encryption: { dataKeys } }: Services,
  { bucket, key, versionId }: ReadVersion,
  customer: CustomerKey | null,
  use: Use<R>,
): R =>
  objects.read({ bucket: bucket.id, partition: bucket.partition, key, versionId }, (found, open) => {
    if (found === null || found.isDeleteMarker) return use(found, open);
    const { encryption } = found.metadata;
    judgeCustomerKey(encryption, customer);
    if (encryption === undefined) return use(found, open);
    const object = { bucket, key, encryption };
    const dataKey = dataKeys.atHand(object, customer?.key ?? null);
    if (dataKey === null) throw new KeyIsAway(object);
    return use(found, (start, length) => open(start, length, dataKey));
  });
