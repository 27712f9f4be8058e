/** Server-side encryption of writes: what a request or its bucket asks for, the keys it takes, and what answers say of it. */

import type { BodyEncryption } from "../auth/body-plan.ts";
import type { ObjectView } from "../bucket/read.ts";
import type { BucketRecord } from "../control/records.ts";
import { checkOfCustomerKey, customerDataKey, customerSaltBytes } from "../keyring/data-key.ts";
import type { HttpRequest } from "../model/http.ts";
import type { ValueOf } from "../model/shape.ts";
import type { BucketEncryption, ObjectEncryption, ToldEncryption } from "../s3/encryption.ts";
import type { ServerSideEncryption } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import type { Context } from "./context.ts";
import {
  type CustomerKey,
  type CustomerKeyInput,
  customerKeyOf,
  judgeUploadKey,
  shownCustomerKey,
} from "./customer-key.ts";
import type { DataKeys } from "./data-keys.ts";
import { contextPairs } from "./encryption-context.ts";

/** What encryption takes from the front. */
export interface EncryptionServices {
  readonly dataKeys: DataKeys;
  /** Whether a customer's key may come with this request: it came over TLS, or the configuration allows it without. */
  takesCustomerKeys(request: HttpRequest): boolean;
}

/** The members of an input that ask for encryption. */
export interface EncryptionInput extends CustomerKeyInput {
  readonly Key: string;
  readonly ServerSideEncryption?: ValueOf<typeof ServerSideEncryption> | undefined;
  readonly SSEKMSKeyId?: string | undefined;
  readonly SSEKMSEncryptionContext?: string | undefined;
  readonly BucketKeyEnabled?: boolean | undefined;
}

type EncryptionContext = Pick<Context, "bucket" | "request" | "services">;
type KeyContext = Pick<Context, "bucket" | "services">;

/** The output members that say how an object is encrypted. */
export interface EncryptionMembers {
  readonly ServerSideEncryption?: "AES256" | "aws:kms";
  readonly SSEKMSKeyId?: string;
  readonly SSEKMSEncryptionContext?: string;
  readonly BucketKeyEnabled?: boolean;
  readonly SSECustomerAlgorithm?: string;
  readonly SSECustomerKeyMD5?: string;
}

/** How a body is to be encrypted. */
export interface WriteEncryption {
  /** For the record. */
  readonly stored: ObjectEncryption;
  /** For the lane. */
  readonly body: BodyEncryption;
  /** For the answer. */
  readonly shown: EncryptionMembers;
}

/** What was asked for, by the request or by its bucket. */
type Asked =
  | { readonly kind: "AES256" }
  | {
      readonly kind: "aws:kms";
      readonly keyId: string | null;
      readonly context: string | null;
      readonly isBucketKey: boolean;
    };

const needsKms = (): S3Error =>
  new S3Error("InvalidArgument", {
    Message:
      "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
    ArgumentName: "x-amz-server-side-encryption",
  });

/** @throws S3Error NotImplemented (two layers), InvalidArgument */
export const algorithmOf = (name: ValueOf<typeof ServerSideEncryption>): "AES256" | "aws:kms" => {
  if (name === "AES256" || name === "aws:kms") return name;
  if (name === "aws:kms:dsse") throw new S3Error("NotImplemented", { Header: "x-amz-server-side-encryption" });
  throw new S3Error("InvalidArgument", {
    Message: "The encryption method specified is not supported",
    ArgumentName: "x-amz-server-side-encryption",
    ArgumentValue: name,
  });
};

const byDefault = (configured: BucketEncryption | null, input: EncryptionInput): Asked | null => {
  if (configured === null || configured.algorithm === null) return null;
  if (configured.algorithm === "AES256") return { kind: "AES256" };
  const isBucketKey = input.BucketKeyEnabled ?? configured.isBucketKey ?? false;
  return { kind: "aws:kms", keyId: configured.keyId, context: null, isBucketKey };
};

/** What the headers ask for, else the bucket; null = nothing. @throws S3Error InvalidArgument, NotImplemented */
const askedOf = (input: EncryptionInput, configured: BucketEncryption | null): Asked | null => {
  const { ServerSideEncryption: name, SSEKMSKeyId: keyId, SSEKMSEncryptionContext: context } = input;
  const algorithm = name === undefined ? null : algorithmOf(name);
  if (algorithm !== "aws:kms" && (keyId !== undefined || context !== undefined)) throw needsKms();
  if (algorithm === null) return byDefault(configured, input);
  if (algorithm === "AES256") return { kind: algorithm };
  if (context !== undefined) contextPairs(context);
  const isSameAsDefault = configured?.algorithm === "aws:kms";
  const isBucketKey = input.BucketKeyEnabled ?? (isSameAsDefault ? (configured.isBucketKey ?? false) : false);
  return { kind: algorithm, keyId: keyId ?? null, context: context ?? null, isBucketKey };
};

/**
 * How the body of a new object (or upload) is to be encrypted; null when nothing asks for it.
 * @throws (or rejects with) S3Error InvalidArgument, InvalidRequest, InvalidEncryptionAlgorithmError, NotImplemented,
 * KMS.NotFoundException, AccessDenied (the bucket blocks customers' keys), ServiceUnavailable
 */
export const encryptionForWrite = (
  input: EncryptionInput,
  context: EncryptionContext,
): WriteEncryption | null | Promise<WriteEncryption> => {
  const customer = customerKeyOf(input, context);
  if (customer === null) return encryptionWithoutKey(input, context);
  const configured = context.services.configurationOf(context.bucket).get("encryption");
  return forCustomer(input, customer, configured, context);
};

/** As `encryptionForWrite`, of what brings no key of its own. */
export const encryptionWithoutKey = (
  input: EncryptionInput,
  context: KeyContext,
): WriteEncryption | null | Promise<WriteEncryption> => {
  const asked = askedOf(input, context.services.configurationOf(context.bucket).get("encryption"));
  if (asked === null) return null;
  return asked.kind === "AES256" ? forBucket(context) : forNamedKey(input.Key, asked, context);
};

const forCustomer = (
  input: EncryptionInput,
  customer: CustomerKey,
  configured: BucketEncryption | null,
  { services }: KeyContext,
): WriteEncryption => {
  if (input.ServerSideEncryption !== undefined || input.SSEKMSKeyId !== undefined) {
    throw new S3Error("InvalidArgument", {
      Message: "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
      ArgumentName: "x-amz-server-side-encryption",
      ArgumentValue: input.ServerSideEncryption ?? "",
    });
  }
  if (configured?.blocksCustomerKeys === true) throw new S3Error("AccessDenied");
  const salt = services.encryption.dataKeys.random(customerSaltBytes);
  return {
    stored: { kind: "customer", ...checkOfCustomerKey(customer.key, salt) },
    body: { dataKey: customerDataKey(customer.key, salt), hidesMd5: true },
    shown: shownCustomerKey(customer),
  };
};

const forBucket = async (context: KeyContext): Promise<WriteEncryption> => {
  const { services, bucket } = context;
  const { id, dataKey } = await services.encryption.dataKeys.ofBucket(services, bucket, null);
  const stored: ObjectEncryption = { kind: "AES256", dataKeyId: id };
  return { stored, body: { dataKey, hidesMd5: false }, shown: shownEncryption(stored, context) };
};

const forNamedKey = async (
  key: string,
  asked: Extract<Asked, { kind: "aws:kms" }>,
  context: KeyContext,
): Promise<WriteEncryption> => {
  const { services, bucket } = context;
  const { dataKeys } = services.encryption;
  const { isBucketKey, context: pairs } = asked;
  const keyId = dataKeys.keyIdOf(asked.keyId);
  const named = { kind: "aws:kms" as const, keyId, context: pairs, isBucketKey };
  // A bucket's data key opens for the bucket alone: what the client binds its object to takes a key of its own.
  if (isBucketKey && pairs === null) {
    const { id, dataKey } = await dataKeys.ofBucket(services, bucket, keyId);
    const stored: ObjectEncryption = { ...named, dataKeyId: id, wrapped: null };
    return { stored, body: { dataKey, hidesMd5: true }, shown: shownEncryption(stored, context) };
  }
  const dataKey = dataKeys.newDataKey();
  const wrapped = await dataKeys.wrapOwn(bucket, key, named, dataKey);
  const stored: ObjectEncryption = { ...named, dataKeyId: null, wrapped };
  return { stored, body: { dataKey, hidesMd5: true }, shown: shownEncryption(stored, context) };
};

/**
 * How a part is to be encrypted: as its upload was begun.
 * @param stored of the upload
 * @throws (or rejects with) S3Error InvalidRequest (another key than the upload's, or none), and those of `DataKeys.open`
 */
export const encryptionForPart = (
  input: EncryptionInput,
  stored: ObjectEncryption | null,
  context: EncryptionContext,
): WriteEncryption | null | Promise<WriteEncryption> => {
  refuseAlgorithm(context.request);
  const customer = customerKeyOf(input, context);
  judgeUploadKey(stored, customer, false);
  if (stored === null) return null;
  if (stored.kind !== "customer" || customer === null) return forOpenUpload(input.Key, stored, context);
  return {
    stored,
    body: { dataKey: customerDataKey(customer.key, stored.salt), hidesMd5: true },
    shown: shownCustomerKey(customer),
  };
};

const forOpenUpload = async (
  key: string,
  stored: ObjectEncryption,
  context: EncryptionContext,
): Promise<WriteEncryption> => {
  const { services, bucket } = context;
  const dataKey = await services.encryption.dataKeys.open(services, { bucket, key, encryption: stored });
  const body = { dataKey, hidesMd5: stored.kind !== "AES256" };
  return { stored, body, shown: shownEncryption(stored, context) };
};

/** Adds to an answer what it says of the object's encryption; an object without is answered by the same literal. */
export const describeEncryption = <A extends object>(
  answer: A,
  { metadata: { encryption } }: ObjectView,
  customer: CustomerKey | null,
  context: Pick<Context, "bucket" | "services">,
): A & EncryptionMembers => {
  if (encryption === undefined) return answer;
  return { ...answer, ...(customer === null ? shownEncryption(encryption, context) : shownCustomerKey(customer)) };
};

/** S3 refuses to be told how to encrypt by a request that does not decide it. @throws S3Error InvalidArgument */
export const refuseAlgorithm = ({ headers }: Pick<HttpRequest, "headers">): void => {
  const name = "x-amz-server-side-encryption";
  const value = headers.get(name);
  if (value === undefined) return;
  throw new S3Error("InvalidArgument", {
    Message: `${name} header is not supported for this operation.`,
    ArgumentName: name,
    ArgumentValue: value,
  });
};

/** The ARN that answers name a key by: of the bucket's account, in the installation's region. */
export const keyArn = (
  keyId: string,
  {
    bucket,
    services,
  }: { readonly bucket: Pick<BucketRecord, "accountId">; readonly services: Pick<Context["services"], "region"> },
): string => (keyId.startsWith("arn:") ? keyId : `arn:aws:kms:${services.region}:${bucket.accountId}:key/${keyId}`);

/** The output members of an object that is encrypted by the installation; of a customer's key, see `shownCustomerKey`. */
export const shownEncryption = (
  encryption: ToldEncryption | undefined,
  context: Pick<Context, "bucket" | "services">,
): EncryptionMembers => {
  switch (encryption?.kind) {
    case undefined:
    case "customer":
      return {};
    case "AES256":
      return { ServerSideEncryption: "AES256" };
    case "aws:kms":
      return {
        ServerSideEncryption: "aws:kms",
        SSEKMSKeyId: keyArn(encryption.keyId, context),
        ...(encryption.context === null ? {} : { SSEKMSEncryptionContext: encryption.context }),
        ...(encryption.isBucketKey ? { BucketKeyEnabled: true } : {}),
      };
  }
};
