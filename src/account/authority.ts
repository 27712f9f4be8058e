/**
 * Who may do which message to whom, by role and by place in the tree of accounts; total over all messages. What policies say is
 * judged before, by the API that asks; nothing here is ever widened by a policy. Pure.
 *
 * An account has one Root, which nobody but itself changes. Whoever acts as the Root of an account below makes no credentials
 * there. A user or a role session (whose policies let it) manages users of its own rank, and never what gives itself rights.
 */

import type { IdentityMessages } from "../control/identity-messages.ts";

export type IdentityMessage = keyof IdentityMessages;

/** Of the one who asks. system: the product itself, and the local socket of the node's own machine. */
export type Rank = "system" | "root" | "admin" | "user" | "role";

/**
 * What it is done to. self: the one who asks, or what gives it its rights (a group it is in, a policy it has, its role). root,
 * admin, user: a user of that role, or (admin) what gives one its rights. entity: an account, or what gives none of these rights.
 */
export type Whom = "self" | "root" | "admin" | "user" | "entity";

/** Where the account it is done in stands, seen from the account of the one who asks. */
export type Place = "own" | "below" | "elsewhere";

export interface Asking {
  readonly rank: Rank;
  /** It is a Root from above who acts as this one. */
  readonly isActing: boolean;
}

/** What may be it is done to, by who asks: `root` to `role` in their own account, `above` a Root of an account above. */
interface Row {
  readonly root: readonly Whom[];
  readonly admin: readonly Whom[];
  readonly user: readonly Whom[];
  readonly role: readonly Whom[];
  readonly above: readonly Whom[];
  readonly system: readonly Whom[];
  /** Of what Root may: what remains for one who acts as Root. */
  readonly acting: readonly Whom[];
}

const none: readonly Whom[] = [];
const self: readonly Whom[] = ["self"];
const entity: readonly Whom[] = ["entity"];
const below: readonly Whom[] = ["admin", "user"];
const allUsers: readonly Whom[] = ["self", "admin", "user"];
const everything: readonly Whom[] = ["self", "root", "admin", "user", "entity"];

/** Another proof than who asks is demanded by the handler, or the product itself sends it. */
const byProof: Row = {
  root: everything,
  admin: everything,
  user: everything,
  role: everything,
  above: everything,
  system: everything,
  acting: everything,
};

const accountLife: Row = {
  root: none,
  admin: none,
  user: none,
  role: none,
  above: entity,
  system: entity,
  acting: entity,
};
const accountsBelow: Row = { ...accountLife, root: entity };

/** A user's own record: nobody deletes itself, and Root is not deleted. */
const otherUsers: Row = {
  root: below,
  admin: below,
  user: ["user"],
  role: ["user"],
  above: none,
  system: below,
  acting: below,
};
/** What gives rights: Root has all of them, and an admin may have any. */
const rights: Row = {
  root: ["admin", "user", "entity"],
  admin: ["self", "admin", "user", "entity"],
  user: ["user", "entity"],
  role: ["user", "entity"],
  above: none,
  system: ["admin", "user", "entity"],
  acting: ["admin", "user", "entity"],
};
const keyMaking: Row = {
  root: allUsers,
  admin: allUsers,
  user: self,
  role: none,
  above: none,
  system: ["root", "admin", "user"],
  acting: none,
};
const keyCare: Row = { ...keyMaking, acting: allUsers };
/** Own password, second factor, tokens: of nobody else, and not while acting as another. */
const ownCredentials: Row = {
  root: self,
  admin: self,
  user: self,
  role: none,
  above: none,
  system: none,
  acting: none,
};

const rows: Readonly<Record<IdentityMessage, Row>> = {
  "account.create": accountsBelow,
  "account.update": { ...accountsBelow, admin: entity },
  "account.setStatus": accountLife,
  "account.delete": accountLife,

  "user.create": otherUsers,
  "user.update": { ...otherUsers, root: allUsers, admin: allUsers, system: ["root", "admin", "user"] },
  "user.delete": otherUsers,
  "user.tag": rights,
  "user.untag": rights,
  "user.setBoundary": rights,
  "user.invite": { ...otherUsers, above: ["root"], system: ["root", "admin", "user"] },

  "group.create": rights,
  "group.update": rights,
  "group.delete": rights,
  "group.addUser": rights,
  "group.removeUser": rights,
  "role.create": rights,
  "role.update": rights,
  "role.tag": rights,
  "role.untag": rights,
  "role.delete": rights,
  "policy.create": rights,
  "policy.createVersion": rights,
  "policy.setDefaultVersion": rights,
  "policy.deleteVersion": rights,
  "policy.setTags": rights,
  "policy.tag": rights,
  "policy.untag": rights,
  "policy.delete": rights,
  "policy.attach": rights,
  "policy.detach": rights,
  "inline.put": rights,
  "inline.delete": rights,

  "key.create": keyMaking,
  "key.update": keyCare,
  "key.delete": keyCare,
  "key.used": byProof,

  "session.begin": byProof,
  "session.mfa": byProof,
  "session.end": byProof,
  "session.seen": byProof,
  "session.revoke": { ...keyCare, acting: below },
  "session.actAs": { ...accountLife, root: entity, system: none, acting: none },
  "mfa.begin": ownCredentials,
  "mfa.confirm": ownCredentials,
  "mfa.disable": ownCredentials,
  "mfa.reset": {
    root: below,
    admin: ["user"],
    user: none,
    role: none,
    above: none,
    system: ["root", "admin", "user"],
    acting: none,
  },
  "mfa.newRecoveryCodes": ownCredentials,
  "mfa.take": ownCredentials,
  "password.change": ownCredentials,
  "password.confirm": ownCredentials,
  "password.requestReset": byProof,
  "password.redeem": byProof,
  "token.create": ownCredentials,
  "token.delete": { ...keyCare, acting: below },

  "audit.write": byProof,
};

/** Total and pure; the default is no. */
export function mayDo(message: IdentityMessage, { rank, isActing }: Asking, place: Place, whom: Whom): boolean {
  const row = rows[message];
  if (rank === "system") return row.system.includes(whom);
  if (isActing && (rank !== "root" || !row.acting.includes(whom))) return false;
  if (place === "own") return row[rank].includes(whom);
  return place === "below" && rank === "root" && row.above.includes(whom);
}

/** Whether it may be done to anybody there at all: else nothing is said on who there is. */
export function mayReach(message: IdentityMessage, asking: Asking, place: Place): boolean {
  return everything.some((whom) => mayDo(message, asking, place, whom));
}

/** The messages that `mayDo` has a row for: all there are. */
export const identityMessages = Object.keys(rows) as readonly IdentityMessage[];
