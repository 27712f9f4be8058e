/**
 * What an upload was begun with, under the names of the headers that asked for it: its parts and its completion do not bring
 * them, and the policies that ask every upload for encryption, an ACL, tags or a storage class mean the object that comes of it.
 */

import type { UploadView } from "../bucket/read.ts";
import { bucketOwnerIdOf } from "../operations/acl-headers.ts";
import type { Operation } from "../operations/context.ts";
import { keyArn } from "../operations/encryption.ts";
import { cannedNames, privateAcl } from "../s3/acl.ts";
import type { Address } from "../s3/address.ts";
import type { RequestFacts } from "./condition-keys.ts";
import type { FrontServices } from "./request-services.ts";

type Services = Pick<FrontServices, "control" | "objects" | "region">;

interface Begun {
  readonly upload: UploadView;
  readonly arnOf: (keyId: string) => string;
  /** Canonical id. */
  readonly bucketOwnerId: string;
}

/** The values of one header; null when the upload was begun without it. */
type BegunHeader = (begun: Begun) => readonly string[] | null;

const headers: ReadonlyMap<string, BegunHeader> = new Map<string, BegunHeader>([
  [
    "x-amz-server-side-encryption",
    ({ upload: { encryption } }) => (encryption === null || encryption.kind === "customer" ? null : [encryption.kind]),
  ],
  [
    "x-amz-server-side-encryption-aws-kms-key-id",
    // A policy may name the key in either way, as the request that began the upload could.
    ({ upload: { encryption }, arnOf }) =>
      encryption?.kind === "aws:kms" ? [...new Set([encryption.keyId, arnOf(encryption.keyId)])] : null,
  ],
  [
    "x-amz-server-side-encryption-customer-algorithm",
    ({ upload: { encryption } }) => (encryption?.kind === "customer" ? ["AES256"] : null),
  ],
  ["x-amz-storage-class", ({ upload: { storageClass } }) => (storageClass === undefined ? null : [storageClass])],
  // Kept is what an ACL grants, not how it was said.
  ["x-amz-acl", ({ upload: { acl }, bucketOwnerId: id }) => cannedNames(acl ?? privateAcl(id), id)],
  ["x-amz-tagging", ({ upload: { tagging } }) => (tagging === undefined ? null : [tagging])],
]);

/** Null for a request that adds to no upload. The upload is read when a policy first asks. */
export function begunUpload(
  services: Services,
  { action }: Pick<Operation, "action">,
  { bucket: bucketName, key }: Pick<Address, "bucket" | "key">,
  uploadId: string | undefined,
): RequestFacts["begun"] {
  if (uploadId === undefined || action !== "s3:PutObject" || bucketName === null || key === null) return null;
  let found: UploadView | null | undefined;
  return (header) => {
    const read = headers.get(header);
    const bucket = read === undefined ? undefined : services.control.bucket(bucketName);
    if (read === undefined || bucket?.state !== "live") return undefined;
    if (found === undefined) {
      found = services.objects.upload({ bucket: bucket.id, partition: bucket.partition, key }, uploadId);
    }
    if (found === null) return undefined;
    const bucketOwnerId = bucketOwnerIdOf(services.control, bucket);
    return read({ upload: found, bucketOwnerId, arnOf: (keyId) => keyArn(keyId, { bucket, services }) });
  };
}
