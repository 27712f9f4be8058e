/** Grants as requests name them, in headers and in documents. Pure: accounts are looked up by the caller's directory. */

import { limits } from "../base/limits.ts";
import type { ValueOf } from "../model/shape.ts";
import {
  type AccessControlList,
  type AclGroup,
  type AclPermission,
  anonymousId,
  type Grant,
  type Grantee,
} from "./acl.ts";
import { S3Error } from "./errors.ts";
import type { AccessControlPolicy } from "./shapes.ts";

/** The accounts that can be granted something. */
export interface GranteeDirectory {
  /** Display name of the account with this canonical id; undefined: there is none. */
  nameOf(canonicalId: string): string | undefined;
  /** Canonical ids of the accounts whose Root has this e-mail address. */
  idsOfEmail(email: string): readonly string[];
}

/** How requests and answers name a group. */
export const groupUris: Readonly<Record<AclGroup, string>> = {
  AllUsers: "http://acs.amazonaws.com/groups/global/AllUsers",
  AuthenticatedUsers: "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
  LogDelivery: "http://acs.amazonaws.com/groups/s3/LogDelivery",
};

const groupsByUri: ReadonlyMap<string, AclGroup> = new Map(
  (Object.keys(groupUris) as AclGroup[]).map((group) => [groupUris[group], group]),
);

const invalid = (Message: string, ArgumentName: string, ArgumentValue: string): S3Error =>
  new S3Error("InvalidArgument", { Message, ArgumentName, ArgumentValue });

const malformed = (Reason: string): S3Error => new S3Error("MalformedACLError", { Reason });

/** @throws S3Error InvalidArgument when no account has this canonical id */
function userOfId(id: string, directory: GranteeDirectory): Grantee {
  if (id !== anonymousId && directory.nameOf(id) === undefined) throw invalid("Invalid id", "CanonicalUser/ID", id);
  return { kind: "user", id };
}

/** @throws S3Error InvalidArgument when there is no such group */
function groupOfUri(uri: string): Grantee {
  const group = groupsByUri.get(uri);
  if (group === undefined) throw invalid("Invalid group uri", "Group/URI", uri);
  return { kind: "group", uri: group };
}

/** @throws S3Error UnresolvableGrantByEmailAddress, AmbiguousGrantByEmailAddress */
function userOfEmail(email: string, directory: GranteeDirectory): Grantee {
  const [id, another] = directory.idsOfEmail(email);
  if (id === undefined) throw new S3Error("UnresolvableGrantByEmailAddress", { EmailAddress: email });
  if (another !== undefined) throw new S3Error("AmbiguousGrantByEmailAddress", { EmailAddress: email });
  return { kind: "user", id };
}

/** One of a header's grantees: `id=…`, `uri="…"`, `emailAddress=…`; the name in any case. */
const granteePattern = /\s*(id|uri|emailaddress)\s*=\s*(?:"([^"]*)"|([^",\s]+))\s*(?:,|$)/iy;

/**
 * The grants of one `x-amz-grant-*` header.
 * @param header its name, lower case, for the error's sake
 * @param value grantees with commas between them; an empty one names nobody
 * @throws S3Error InvalidArgument (not such a list, no such account or group), UnresolvableGrantByEmailAddress,
 * AmbiguousGrantByEmailAddress, MalformedACLError (more than `limits.aclGrantsMax`)
 * Source: AWS PutObjectAcl, "x-amz-grant-read".
 */
export function headerGrants(
  header: string,
  value: string,
  permission: AclPermission,
  directory: GranteeDirectory,
): Grant[] {
  const grants: Grant[] = [];
  const pattern = new RegExp(granteePattern);
  while (pattern.lastIndex < value.length) {
    const match = pattern.exec(value);
    if (match === null) throw invalid("Argument format not recognized", header, value);
    requireCount(grants.length + 1);
    const [, name = "", quoted, bare = ""] = match;
    grants.push({ grantee: headerGrantee(name.toLowerCase(), quoted ?? bare, directory), permission });
  }
  return grants;
}

function headerGrantee(name: string, text: string, directory: GranteeDirectory): Grantee {
  if (name === "id") return userOfId(text, directory);
  return name === "uri" ? groupOfUri(text) : userOfEmail(text, directory);
}

/**
 * Grants as they are kept: each once, in their order.
 * @throws S3Error MalformedACLError for more than `limits.aclGrantsMax`
 */
export function boundedGrants(grants: readonly Grant[]): readonly Grant[] {
  requireCount(grants.length);
  return [...new Map(grants.map((grant) => [keyOf(grant), grant])).values()];
}

/** Before grantees are looked up. Source: the overview, "up to 100 grants". */
function requireCount(count: number): void {
  if (count <= limits.aclGrantsMax) return;
  throw new S3Error("MalformedACLError", { Message: `An ACL has at most ${limits.aclGrantsMax} grants.` });
}

function keyOf({ grantee, permission }: Grant): string {
  return `${permission} ${grantee.kind} ${grantee.kind === "user" ? grantee.id : grantee.uri}`;
}

type Document = ValueOf<typeof AccessControlPolicy>;
type GrantElement = NonNullable<Document["Grants"]>[number];

/**
 * The ACL that a document describes.
 * @throws S3Error MalformedACLError (an element is missing), and those of `headerGrants` and `boundedGrants`
 * Source: AWS PutBucketAcl and PutObjectAcl, "Request Body".
 */
export function documentAcl({ Owner, Grants }: Document, directory: GranteeDirectory): AccessControlList {
  if (Owner?.ID === undefined || Owner.ID === "") throw malformed("Owner has no ID");
  if (Grants === undefined) throw malformed("AccessControlList is missing");
  requireCount(Grants.length);
  const grants = Grants.map((grant) => documentGrant(grant, directory));
  return { ownerId: Owner.ID, grants: boundedGrants(grants) };
}

function documentGrant({ Grantee: grantee, Permission }: GrantElement, directory: GranteeDirectory): Grant {
  if (grantee === undefined || Permission === undefined) throw malformed("a Grant has a Grantee and a Permission");
  const { Type, ID, URI, EmailAddress } = grantee;
  switch (Type) {
    case "CanonicalUser":
      if (ID === undefined) throw malformed("a CanonicalUser has an ID");
      return { grantee: userOfId(ID, directory), permission: Permission };
    case "Group":
      if (URI === undefined) throw malformed("a Group has a URI");
      return { grantee: groupOfUri(URI), permission: Permission };
    case "AmazonCustomerByEmail":
      if (EmailAddress === undefined) throw malformed("an AmazonCustomerByEmail has an EmailAddress");
      return { grantee: userOfEmail(EmailAddress, directory), permission: Permission };
    // The attribute's text is taken as it stands in the document.
    default:
      throw malformed("a Grantee is a CanonicalUser, a Group or an AmazonCustomerByEmail");
  }
}
