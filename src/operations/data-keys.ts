/**
 * Where data keys come from: those of a bucket, wrapped in its configuration, and those of single objects, wrapped in their
 * records. One per front; opened keys are kept in memory, a bounded number of them, and those of a key service for a while only.
 */

import { assert } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { limits } from "../base/limits.ts";
import type { Random } from "../base/random.ts";
import type { BucketRecord } from "../control/records.ts";
import { customerDataKey, dataKeyBytes, dataKeyId } from "../keyring/data-key.ts";
import type { KeyRing } from "../keyring/key-ring.ts";
import { type KeyService, listedKeyId } from "../keyring/key-service.ts";
import type { BucketDataKey, NamedKeyEncryption, ObjectEncryption } from "../s3/encryption.ts";
import { S3Error } from "../s3/errors.ts";
import type { Services } from "./context.ts";
import { contextText } from "./encryption-context.ts";

export interface DataKeysOptions {
  readonly ring: KeyRing;
  readonly service: KeyService;
  /** Ids of the named keys, the default first. */
  readonly keyIds: readonly string[];
  readonly random: Random;
  readonly clock: Clock;
}

/** Whose key it is. */
export interface EncryptedObject {
  readonly bucket: BucketRecord;
  readonly key: string;
  readonly encryption: ObjectEncryption;
}

/** What is asked of a bucket's services. */
type BucketServices = Pick<Services, "configurationOf" | "askBucket">;

interface OpenedKey {
  readonly id: Uint8Array;
  readonly dataKey: Uint8Array;
}

interface KeptKey {
  readonly dataKey: Uint8Array;
  /** Monotonic; then the key service is asked again, which may have been told to refuse. */
  readonly untilMs: number;
}

export class DataKeys {
  readonly #options: DataKeysOptions;
  /** The least recently opened first. */
  readonly #opened = new Map<string, KeptKey>();

  constructor(options: DataKeysOptions) {
    this.#options = options;
  }

  /** The listed id of a key; null names the default. @throws S3Error KMS.NotFoundException */
  keyIdOf(named: string | null): string {
    const keyId = listedKeyId(this.#options.keyIds, named);
    if (keyId !== null) return keyId;
    const Message = named === null ? "No KMS key is configured." : `Key '${named}' does not exist`;
    throw new S3Error("KMS.NotFoundException", { Message });
  }

  newDataKey(): Buffer {
    return this.#options.random.bytes(dataKeyBytes);
  }

  random(count: number): Buffer {
    return this.#options.random.bytes(count);
  }

  /**
   * The data key of an object when it is at hand, else null: then `open` brings it.
   * @param customerKey the key of an object whose customer keeps it, checked
   */
  atHand(object: EncryptedObject, customerKey: Uint8Array | null): Uint8Array | null {
    const { encryption } = object;
    if (encryption.kind !== "customer") return this.#known(nameOf(object));
    assert(customerKey !== null, "a customer's key was checked");
    return customerDataKey(customerKey, encryption.salt);
  }

  /** Brings a data key that was not at hand. @throws S3Error KMS.NotFoundException, ServiceUnavailable; KeyringError */
  async open(services: BucketServices, object: EncryptedObject): Promise<Uint8Array> {
    const { bucket, encryption, key } = object;
    assert(encryption.kind !== "customer", "a customer's key is always at hand");
    const name = nameOf(object);
    const known = this.#known(name);
    if (known !== null) return known;
    const { dataKeyId: id } = encryption;
    if (encryption.kind === "AES256" || encryption.wrapped === null) {
      assert(id !== null, "an object has a wrapped key or names one of its bucket");
      return this.#openOfBucket(bucket, rowOf(services, bucket, id));
    }
    const { keyId, wrapped, context } = encryption;
    return this.#keep(name, await this.#unwrap(keyId, wrapped, contextText(context, objectArn(bucket, key))));
  }

  /**
   * The data key for new objects of a bucket; made at the first, and again after the key that wraps it has a new version.
   * @param keyId of a named key; null = under the key ring (SSE-S3)
   */
  async ofBucket(services: BucketServices, bucket: BucketRecord, keyId: string | null): Promise<OpenedKey> {
    const rows = services.configurationOf(bucket).get("dataKeys") ?? [];
    const last = rows.findLast((row) => row.keyId === keyId);
    if (last !== undefined && this.#isNewest(last)) return this.#openedRow(bucket, last);
    const dataKey = this.newDataKey();
    const id = dataKeyId(dataKey);
    const made = { id, keyId, wrapped: await this.#wrap(bucket, keyId, dataKey) };
    const { dataKey: row } = await services.askBucket(bucket, "bucket.addDataKey", {
      dataKey: made,
      after: last?.id ?? null,
    });
    return this.#openedRow(bucket, row);
  }

  /** Wraps a data key that one object has for itself. */
  wrapOwn(
    bucket: BucketRecord,
    key: string,
    encryption: Pick<NamedKeyEncryption, "keyId" | "context">,
    own: Uint8Array,
  ) {
    const context = contextText(encryption.context, objectArn(bucket, key));
    return this.#inTime(this.#options.service.wrap(encryption.keyId, own, context));
  }

  async #openedRow(bucket: BucketRecord, row: BucketDataKey): Promise<OpenedKey> {
    return { id: row.id, dataKey: await this.#openOfBucket(bucket, row) };
  }

  async #openOfBucket(bucket: BucketRecord, row: BucketDataKey): Promise<Uint8Array> {
    const name = bucketKeyName(bucket, row.id);
    const known = this.#known(name);
    if (known !== null) return known;
    const { keyId, wrapped } = row;
    if (keyId !== null)
      return this.#keep(name, await this.#unwrap(keyId, wrapped, contextText(null, bucketArn(bucket))));
    const dataKey = this.#options.ring.open("data-keys", wrapped, bucketPlace(bucket));
    return this.#keep(name, dataKey, Number.POSITIVE_INFINITY);
  }

  async #wrap(bucket: BucketRecord, keyId: string | null, dataKey: Uint8Array): Promise<Uint8Array> {
    const { ring, service } = this.#options;
    if (keyId === null) return ring.seal("data-keys", dataKey, bucketPlace(bucket));
    return this.#inTime(service.wrap(keyId, dataKey, contextText(null, bucketArn(bucket))));
  }

  #unwrap(keyId: string, wrapped: Uint8Array, context: string): Promise<Uint8Array> {
    // A key that is not listed any more opens nothing.
    return this.#inTime(this.#options.service.unwrap(this.keyIdOf(keyId), wrapped, context));
  }

  #isNewest({ keyId, wrapped }: BucketDataKey): boolean {
    const { ring, service } = this.#options;
    return keyId === null ? ring.isNewest(wrapped) : service.isNewest(keyId, wrapped);
  }

  #known(name: string): Uint8Array | null {
    const kept = this.#opened.get(name);
    return kept !== undefined && this.#options.clock.monotonicMs() < kept.untilMs ? kept.dataKey : null;
  }

  #keep(name: string, dataKey: Uint8Array, lifeMs: number = limits.openedDataKeyMs): Uint8Array {
    this.#opened.delete(name);
    const [oldest] = this.#opened.size < limits.openedDataKeysMax ? [] : this.#opened.keys();
    if (oldest !== undefined) this.#opened.delete(oldest);
    this.#opened.set(name, { dataKey, untilMs: this.#options.clock.monotonicMs() + lifeMs });
    return dataKey;
  }

  /** @throws S3Error ServiceUnavailable past `limits.keyServiceMs` */
  #inTime(work: Promise<Uint8Array>): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.after(limits.keyServiceMs, () =>
        reject(new S3Error("ServiceUnavailable", { Message: "The key service does not answer." })),
      );
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const bucketKeyName = ({ id }: BucketRecord, keyId: Uint8Array): string => `${id}/${hex(keyId)}`;

/** What a data key is kept by: all that decides whether it opens. */
const nameOf = ({ bucket, key, encryption }: EncryptedObject): string => {
  assert(encryption.kind !== "customer", "a customer's key is not kept");
  if (encryption.kind === "AES256") return bucketKeyName(bucket, encryption.dataKeyId);
  if (encryption.dataKeyId !== null) return bucketKeyName(bucket, encryption.dataKeyId);
  const { wrapped, context } = encryption;
  return `${bucket.id}/${hex(wrapped ?? new Uint8Array(0))}/${context ?? ""}/${key}`;
};

const rowOf = (services: BucketServices, bucket: BucketRecord, id: Uint8Array): BucketDataKey => {
  const rows = services.configurationOf(bucket).get("dataKeys") ?? [];
  const row = rows.find((known) => Buffer.compare(known.id, id) === 0);
  if (row !== undefined) return row;
  throw new S3Error("InternalError", {}, { cause: new Error(`bucket ${bucket.id} has no data key ${hex(id)}`) });
};

/** By id, which is never used again: a bucket of the same name opens nothing of this one. */
const bucketPlace = ({ id }: BucketRecord): string => `buckets/${id}`;

const bucketArn = ({ name }: BucketRecord): string => `arn:aws:s3:::${name}`;

const objectArn = (bucket: BucketRecord, key: string): string => `${bucketArn(bucket)}/${key}`;
