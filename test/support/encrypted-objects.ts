/** The ways to encrypt objects, for tests through AWS's SDK. */

import { createHash } from "node:crypto";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";

export const md5Of = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

/** The members that bring the customer's key made of this letter. */
export function customer(letter: string) {
  const key = Buffer.alloc(32, letter);
  return {
    SSECustomerAlgorithm: "AES256",
    SSECustomerKey: key.toString("base64"),
    SSECustomerKeyMD5: createHash("md5").update(key).digest("base64"),
  };
}

/** The same as the key of a copy's source. */
export function sourceKey(letter: string) {
  const { SSECustomerAlgorithm, SSECustomerKey, SSECustomerKeyMD5 } = customer(letter);
  return {
    CopySourceSSECustomerAlgorithm: SSECustomerAlgorithm,
    CopySourceSSECustomerKey: SSECustomerKey,
    CopySourceSSECustomerKeyMD5: SSECustomerKeyMD5,
  };
}

/** Every way to ask for encryption: what a write sends, what a read must send, what a copy sends of its source. */
export const ways = {
  none: { write: {}, read: {}, source: {}, shown: { ServerSideEncryption: undefined } },
  s3: {
    write: { ServerSideEncryption: "AES256" },
    read: {},
    source: {},
    shown: { ServerSideEncryption: "AES256" },
  },
  kms: {
    write: { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "second" },
    read: {},
    source: {},
    shown: { ServerSideEncryption: "aws:kms" },
  },
  bucketKey: {
    write: { ServerSideEncryption: "aws:kms", BucketKeyEnabled: true },
    read: {},
    source: {},
    shown: { ServerSideEncryption: "aws:kms", BucketKeyEnabled: true },
  },
  customer: {
    write: customer("a"),
    read: customer("a"),
    source: sourceKey("a"),
    shown: { SSECustomerAlgorithm: "AES256", SSECustomerKeyMD5: customer("a").SSECustomerKeyMD5 },
  },
} as const;
export type Way = keyof typeof ways;
export const wayNames = Object.keys(ways) as Way[];
export const hidesMd5: Readonly<Record<Way, boolean>> = {
  none: false,
  s3: false,
  kms: true,
  bucketKey: true,
  customer: true,
};

export async function read(
  s3: S3Client,
  at: { Bucket: string; Key: string; Range?: string },
  way: Way,
): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ ...at, ...ways[way].read }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}
