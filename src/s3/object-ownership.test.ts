import test from "ava";
import { type AccessControlList, type CannedAcl, cannedAcls, type Grant } from "./acl.ts";
import { asS3Error } from "./errors.ts";
import { type AskedAcl, type ObjectOwnership, writtenAcl } from "./object-ownership.ts";

const bucketOwnerId = "bucket-owner";
const otherId = "other";

type Setting = ObjectOwnership | "none";
type Asked = CannedAcl | "nothing" | "grant to the bucket's owner" | "grant to everybody";
type Writer = "bucket owner" | "other";
/** "none": stored without an ACL; else the owner and what is granted beside its full control. */
type Expected = "none" | "AccessControlListNotSupported" | `${Writer} owns` | `${Writer} owns, ${string}`;

const everybody = "AllUsers READ";
const signed = "AuthenticatedUsers READ";
const logs = "LogDelivery WRITE + LogDelivery READ_ACP";
const bothWrite = "AllUsers READ + AllUsers WRITE";

const refused = { "bucket owner": "AccessControlListNotSupported", other: "AccessControlListNotSupported" } as const;
const absent = { "bucket owner": "none", other: "none" } as const;
/** Writers own what they write. */
const byWriter = (more: string): Readonly<Record<Writer, Expected>> => ({
  "bucket owner": `bucket owner owns, ${more}`,
  other: `other owns, ${more}`,
});

/** Where writers own. */
const writersOwn: Readonly<Record<Asked, Readonly<Record<Writer, Expected>>>> = {
  nothing: { "bucket owner": "none", other: "other owns" },
  private: { "bucket owner": "none", other: "other owns" },
  "public-read": byWriter(everybody),
  "public-read-write": byWriter(bothWrite),
  "authenticated-read": byWriter(signed),
  "aws-exec-read": { "bucket owner": "none", other: "other owns" },
  "bucket-owner-read": { "bucket owner": "none", other: "other owns, bucket owner READ" },
  "bucket-owner-full-control": { "bucket owner": "none", other: "other owns, bucket owner FULL_CONTROL" },
  "log-delivery-write": byWriter(logs),
  "grant to the bucket's owner": { "bucket owner": "none", other: "other owns, bucket owner FULL_CONTROL alone" },
  "grant to everybody": {
    "bucket owner": "bucket owner owns, AllUsers READ alone",
    other: "other owns, AllUsers READ alone",
  },
};

const table: Readonly<Record<Setting, Readonly<Record<Asked, Readonly<Record<Writer, Expected>>>>>> = {
  none: writersOwn,
  ObjectWriter: writersOwn,
  BucketOwnerPreferred: { ...writersOwn, "bucket-owner-full-control": absent },
  BucketOwnerEnforced: {
    nothing: absent,
    private: refused,
    "bucket-owner-full-control": absent,
    "grant to the bucket's owner": absent,
    "public-read": refused,
    "public-read-write": refused,
    "authenticated-read": refused,
    "aws-exec-read": refused,
    "bucket-owner-read": refused,
    "log-delivery-write": refused,
    "grant to everybody": refused,
  },
};

const given: Readonly<Record<Exclude<Asked, CannedAcl | "nothing">, Grant>> = {
  "grant to the bucket's owner": { grantee: { kind: "user", id: bucketOwnerId }, permission: "FULL_CONTROL" },
  "grant to everybody": { grantee: { kind: "group", uri: "AllUsers" }, permission: "READ" },
};

const isCanned = (name: Asked): name is CannedAcl => (cannedAcls as readonly string[]).includes(name);

function askedOf(name: Asked): AskedAcl | null {
  if (name === "nothing") return null;
  return isCanned(name) ? { kind: "canned", name } : { kind: "grants", grants: [given[name]] };
}

const nameOf = (id: string): string => (id === bucketOwnerId ? "bucket owner" : id);
const grantText = ({ grantee, permission }: Grant): string =>
  `${grantee.kind === "user" ? nameOf(grantee.id) : grantee.uri} ${permission}`;

function shown(acl: AccessControlList | undefined): string {
  if (acl === undefined) return "none";
  const owner = nameOf(acl.ownerId);
  const grants = acl.grants.map(grantText);
  const full = `${owner} FULL_CONTROL`;
  const more = grants.filter((text) => text !== full).join(" + ");
  if (!grants.includes(full)) return `${owner} owns, ${more} alone`;
  return more === "" ? `${owner} owns` : `${owner} owns, ${more}`;
}

function outcome(setting: Setting, asked: Asked, writer: Writer): string {
  const ownership = setting === "none" ? null : setting;
  const writerId = writer === "other" ? otherId : bucketOwnerId;
  try {
    return shown(writtenAcl({ ownership, writerId, bucketOwnerId, asked: askedOf(asked) }));
  } catch (error) {
    return asS3Error(error)?.code ?? String(error);
  }
}

test("ownership × ACL × writer: every cell", (t) => {
  let cells = 0;
  for (const setting of Object.keys(table) as Setting[]) {
    for (const asked of Object.keys(table[setting]) as Asked[]) {
      for (const writer of ["bucket owner", "other"] as const) {
        t.is(outcome(setting, asked, writer), table[setting][asked][writer], `${setting}, ${asked}, ${writer}`);
        cells += 1;
      }
    }
  }
  t.is(cells, 4 * (cannedAcls.length + 3) * 2);
});
