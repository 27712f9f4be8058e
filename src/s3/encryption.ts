/**
 * How a stored object is encrypted, and what a bucket says of objects that come without a word of it. Plain data. No key is
 * in it, but for data keys that another key has wrapped.
 */

/** SSE-S3: by a data key of the bucket. */
export interface BucketKeyEncryption {
  readonly kind: "AES256";
  /** Which of the bucket's data keys: 8 bytes. */
  readonly dataKeyId: Uint8Array;
}

/** SSE-KMS: by a data key that a named key has wrapped. */
export interface NamedKeyEncryption {
  readonly kind: "aws:kms";
  /** The named key's id, as the configuration lists it. */
  readonly keyId: string;
  /** Encryption context as it was sent: base64 of a JSON object; null when none was. */
  readonly context: string | null;
  /** Whether the client or the bucket asked for a bucket key. */
  readonly isBucketKey: boolean;
  /** Which of the bucket's data keys under the named key, 8 bytes; null when the object has a data key of its own. */
  readonly dataKeyId: Uint8Array | null;
  /** The object's own data key, wrapped; null when a data key of the bucket is used. */
  readonly wrapped: Uint8Array | null;
}

/** SSE-C: by a data key derived from a key that only the customer has. */
export interface CustomerKeyEncryption {
  readonly kind: "customer";
  /** 16 random bytes. */
  readonly salt: Uint8Array;
  /** Recognises the customer's key: 16 bytes. */
  readonly check: Uint8Array;
}

/** What a record keeps of an encrypted object. */
export type ObjectEncryption = BucketKeyEncryption | NamedKeyEncryption | CustomerKeyEncryption;

/** As much of it as answers tell. */
export type ToldEncryption =
  | Pick<BucketKeyEncryption, "kind">
  | Pick<NamedKeyEncryption, "kind" | "keyId" | "context" | "isBucketKey">
  | Pick<CustomerKeyEncryption, "kind">;

/** One data key of a bucket, wrapped by the key ring (`keyId` null) or by a named key. */
export interface BucketDataKey {
  /** 8 bytes: `dataKeyId` of keyring/data-key.ts. */
  readonly id: Uint8Array;
  readonly keyId: string | null;
  readonly wrapped: Uint8Array;
}

/** A bucket's default encryption, as PutBucketEncryption set it. */
export interface BucketEncryption {
  /** null: only encryption types are blocked. */
  readonly algorithm: "AES256" | "aws:kms" | null;
  /** As it was sent; null: none was. */
  readonly keyId: string | null;
  /** null: nothing was said of it. */
  readonly isBucketKey: boolean | null;
  /** Whether writes with a customer's key are refused; null: nothing was said of it. */
  readonly blocksCustomerKeys: boolean | null;
}

type Stored = readonly [code: number, ...members: unknown[]];

/**
 * As an array for a record's tail: [1, dataKeyId], [2, keyId, context, isBucketKey, dataKeyId, wrapped] or [3, salt, check].
 * Codes and positions are never re-used.
 */
export function storedEncryption(encryption: ObjectEncryption): Stored {
  switch (encryption.kind) {
    case "AES256":
      return [1, encryption.dataKeyId];
    case "aws:kms": {
      const { keyId, context, isBucketKey, dataKeyId, wrapped } = encryption;
      return [2, keyId, context, isBucketKey, dataKeyId, wrapped];
    }
    case "customer":
      return [3, encryption.salt, encryption.check];
  }
}

/** What `storedEncryption` wrote, from a record that is sealed; undefined for anything else. */
export function encryptionOfStored(stored: unknown): ObjectEncryption | undefined {
  if (!Array.isArray(stored)) return undefined;
  const [code, ...members] = stored as unknown[];
  if (code === 1) return { kind: "AES256", dataKeyId: members[0] as Uint8Array };
  if (code === 2) {
    const [keyId, context, isBucketKey, dataKeyId, wrapped] = members as [
      string,
      string | null,
      boolean,
      Uint8Array | null,
      Uint8Array | null,
    ];
    return { kind: "aws:kms", keyId, context, isBucketKey, dataKeyId, wrapped };
  }
  if (code === 3) return { kind: "customer", salt: members[0] as Uint8Array, check: members[1] as Uint8Array };
  return undefined;
}
