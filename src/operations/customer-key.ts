/** Keys that customers keep (SSE-C): the three headers that bring one, and what is refused of them. */

import type { DeleteMarkerView, ObjectView } from "../bucket/read.ts";
import { type CustomerKeyCheck, dataKeyBytes, isCustomerKey, keyMd5 } from "../keyring/data-key.ts";
import type { ObjectEncryption } from "../s3/encryption.ts";
import { S3Error } from "../s3/errors.ts";
import type { Context } from "./context.ts";

/** The members of an input that bring a customer's key. */
export interface CustomerKeyInput {
  readonly SSECustomerAlgorithm?: string | undefined;
  readonly SSECustomerKey?: string | undefined;
  readonly SSECustomerKeyMD5?: string | undefined;
}

/** A key that came with a request. Never logged, never kept. */
export interface CustomerKey {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** In base64, as it was sent. */
  readonly md5: string;
}

const servedAlgorithm = "AES256";
const prefix = "x-amz-server-side-encryption-customer-";

const incomplete = (what: string): S3Error =>
  new S3Error("InvalidArgument", {
    Message: `Requests specifying Server Side Encryption with Customer provided keys must provide ${what}.`,
  });

/** @param name of the header, never its value */
const invalid = (Message: string, name: string): S3Error =>
  new S3Error("InvalidArgument", { Message, ArgumentName: name });

/**
 * The customer's key that came with a request; null when none did.
 * @throws S3Error InvalidArgument, InvalidEncryptionAlgorithmError, InvalidRequest (the connection is not TLS)
 * Source: AWS "Using server-side encryption with customer-provided keys (SSE-C)".
 */
export const customerKeyOf = (
  input: CustomerKeyInput,
  { request, services }: Pick<Context, "request" | "services">,
): CustomerKey | null => {
  const { SSECustomerAlgorithm: algorithm, SSECustomerKey: text, SSECustomerKeyMD5: md5 } = input;
  if (algorithm === undefined && text === undefined && md5 === undefined) return null;
  if (!services.encryption.takesCustomerKeys(request)) {
    throw new S3Error("InvalidRequest", {
      Message:
        "Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection.",
    });
  }
  if (algorithm === undefined) throw incomplete("a valid encryption algorithm");
  if (algorithm !== servedAlgorithm) throw new S3Error("InvalidEncryptionAlgorithmError");
  if (text === undefined) throw incomplete("an appropriate secret key");
  if (md5 === undefined) throw incomplete("the client calculated MD5 of the secret key");
  const key = Buffer.from(text, "base64");
  if (key.length !== dataKeyBytes || key.toString("base64") !== text) {
    throw invalid("The secret key was invalid for the specified algorithm.", `${prefix}key`);
  }
  if (keyMd5(key) !== md5) {
    throw invalid("The calculated MD5 hash of the key did not match the hash that was provided.", `${prefix}key-MD5`);
  }
  return { key, md5 };
};

const isKeyOf = (customer: CustomerKey, check: CustomerKeyCheck): boolean => isCustomerKey(customer.key, check);

/**
 * Judges the key that a read brought by what the object needs.
 * @throws S3Error InvalidRequest (a key that is missing or not applicable), AccessDenied (another key)
 */
export const judgeCustomerKey = (encryption: ObjectEncryption | undefined, customer: CustomerKey | null): void => {
  if (encryption?.kind !== "customer") {
    if (customer === null) return;
    throw new S3Error("InvalidRequest", { Message: "The encryption parameters are not applicable to this object." });
  }
  if (customer === null) {
    throw new S3Error("InvalidRequest", {
      Message:
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
    });
  }
  if (!isKeyOf(customer, encryption)) throw new S3Error("AccessDenied");
};

/** As `judgeCustomerKey`, of what a read found. */
export const judgeFound = (found: ObjectView | DeleteMarkerView | null, customer: CustomerKey | null): void => {
  if (found !== null && !found.isDeleteMarker) judgeCustomerKey(found.metadata.encryption, customer);
};

/**
 * Judges the key that came with a part by the one that its upload was begun with.
 * @param isOptional true where S3 takes the request without it: completing and listing
 * @throws S3Error InvalidRequest
 */
export const judgeUploadKey = (
  encryption: ObjectEncryption | null,
  customer: CustomerKey | null,
  isOptional: boolean,
): void => {
  if (encryption?.kind !== "customer") {
    if (customer === null) return;
    throw new S3Error("InvalidRequest", {
      Message: "The multipart upload initiate did not request encryption. Part requests must not include it.",
    });
  }
  if (customer === null) {
    if (isOptional) return;
    throw new S3Error("InvalidRequest", {
      Message:
        "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.",
    });
  }
  if (!isKeyOf(customer, encryption)) {
    throw new S3Error("InvalidRequest", {
      Message: "The provided encryption parameters did not match the ones used originally.",
    });
  }
};

/** The output members of an object whose customer keeps its key. */
export const shownCustomerKey = ({ md5 }: CustomerKey) => ({
  SSECustomerAlgorithm: servedAlgorithm,
  SSECustomerKeyMD5: md5,
});
