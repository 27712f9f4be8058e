/** Owners and initiators as S3 shows them. */

import type { Initiator, ObjectMetadata } from "../bucket/messages.ts";
import type { AccountRecord } from "../control/identity-records.ts";
import type { BucketRecord } from "../control/records.ts";
import { countsAcls } from "../s3/object-ownership.ts";
import { aclOfWrite, granteesOf, ownershipOf } from "./acl-headers.ts";
import { type UserMembers, userMembers } from "./acl-members.ts";
import type { Context, Services } from "./context.ts";

export const ownerOf = (account: AccountRecord): UserMembers => ({
  ID: account.canonicalId,
  DisplayName: account.displayName,
});

/** The owner of what an account has. */
export const ownerOfAccount = (control: Services["control"], accountId: string): UserMembers => {
  const account = control.account(accountId);
  return account === undefined ? { ID: accountId } : ownerOf(account);
};

/**
 * Owners of what is listed in a bucket.
 * @returns a function of the canonical id that stands with an object; null: the bucket's owner
 */
export const ownersIn = (services: Services, bucket: BucketRecord): ((ownerId: string | null) => UserMembers) => {
  const { control } = services;
  const bucketOwner = ownerOfAccount(control, bucket.accountId);
  const directory = granteesOf(control);
  const known = new Map<string, UserMembers>();
  let isCounted: boolean | null = null;
  return (ownerId) => {
    if (ownerId === null) return bucketOwner;
    isCounted ??= countsAcls(ownershipOf(services, bucket));
    if (!isCounted) return bucketOwner;
    let members = known.get(ownerId);
    if (members === undefined) {
      members = userMembers(ownerId, directory);
      known.set(ownerId, members);
    }
    return members;
  };
};

/**
 * Who owns a delete marker that is made, as whoever writes an object owns it; null: the bucket's owner.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteMarkerEntry.html
 */
export const markerOwnerOf = (context: Pick<Context, "bucket" | "principal" | "services">): string | null =>
  aclOfWrite({}, context)?.ownerId ?? null;

/**
 * Who begins an upload, which unsigned requests cannot, as a member of its metadata; none for the account that owns the bucket.
 * Source: AWS ListMultipartUploads, "Initiator".
 */
export const initiatedBy = ({
  bucket,
  principal: { account, identity, name },
}: Pick<Context, "bucket" | "principal">): Pick<ObjectMetadata, "initiator"> => {
  if (identity.kind === "user" || identity.kind === "role-session") return { initiator: { id: identity.arn, name } };
  if (account.accountId === bucket.accountId) return {};
  return { initiator: { id: account.canonicalId, name: account.displayName } };
};

export const initiatorMembers = ({ id, name }: Initiator): UserMembers => ({ ID: id, DisplayName: name });
