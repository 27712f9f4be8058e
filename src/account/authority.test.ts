import test from "ava";
import { type IdentityMessage, identityMessages, mayDo, type Place, type Rank, type Whom } from "./authority.ts";

/** Who asks, as the table writes it: `acting` is a Root who acts as one below, `above` the Root of an account above, as itself. */
type Who = "root" | "admin" | "user" | "role" | "acting" | "above" | "actingAbove" | "system";

const whoms: readonly Whom[] = ["self", "root", "admin", "user", "entity"];
const asWho: Readonly<Record<Who, { rank: Rank; isActing: boolean; place: Place }>> = {
  root: { rank: "root", isActing: false, place: "own" },
  admin: { rank: "admin", isActing: false, place: "own" },
  user: { rank: "user", isActing: false, place: "own" },
  role: { rank: "role", isActing: false, place: "own" },
  acting: { rank: "root", isActing: true, place: "own" },
  above: { rank: "root", isActing: false, place: "below" },
  actingAbove: { rank: "root", isActing: true, place: "below" },
  system: { rank: "system", isActing: false, place: "own" },
};

const proof = Object.keys(asWho)
  .map((who) => `${who}:self,root,admin,user,entity`)
  .join(" ");
const rights =
  "root:admin,user,entity admin:self,admin,user,entity user:user,entity role:user,entity " +
  "acting:admin,user,entity system:admin,user,entity";
const others = "root:admin,user admin:admin,user user:user role:user acting:admin,user system:admin,user";
const keys = "root:self,admin,user admin:self,admin,user user:self system:root,admin,user";
const own = "root:self admin:self user:self";

/** The whole of what is allowed, written down apart from the code. */
const expected: Readonly<Record<IdentityMessage, string>> = {
  "account.create": "root:entity acting:entity above:entity actingAbove:entity system:entity",
  "account.update": "root:entity admin:entity acting:entity above:entity actingAbove:entity system:entity",
  "account.setStatus": "above:entity actingAbove:entity system:entity",
  "account.delete": "above:entity actingAbove:entity system:entity",
  "user.create": others,
  "user.update":
    "root:self,admin,user admin:self,admin,user user:user role:user acting:admin,user system:root,admin,user",
  "user.delete": others,
  "user.tag": rights,
  "user.untag": rights,
  "user.setBoundary": rights,
  "user.invite":
    "root:admin,user admin:admin,user user:user role:user acting:admin,user above:root system:root,admin,user",
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
  "key.create": keys,
  "key.update": `${keys} acting:self,admin,user`,
  "key.delete": `${keys} acting:self,admin,user`,
  "key.used": proof,
  "session.begin": proof,
  "session.mfa": proof,
  "session.end": proof,
  "session.seen": proof,
  "session.revoke": `${keys} acting:admin,user`,
  "session.actAs": "root:entity above:entity",
  "mfa.begin": own,
  "mfa.confirm": own,
  "mfa.disable": own,
  "mfa.reset": "root:admin,user admin:user system:root,admin,user",
  "mfa.newRecoveryCodes": own,
  "mfa.take": own,
  "password.change": own,
  "password.confirm": own,
  "password.requestReset": proof,
  "password.redeem": proof,
  "token.create": own,
  "token.delete": `${keys} acting:admin,user`,
  "audit.write": proof,
};

test("every message has its row in both tables", (t) => {
  t.deepEqual([...identityMessages].sort(), Object.keys(expected).sort());
});

for (const message of identityMessages) {
  test(`${message}: who may do it to whom`, (t) => {
    const allowed = new Map(expected[message].split(" ").map((entry) => entry.split(":") as [Who, string]));
    for (const [who, { rank, isActing, place }] of Object.entries(asWho)) {
      const to = allowed.get(who as Who)?.split(",") ?? [];
      for (const whom of whoms) {
        t.is(mayDo(message, { rank, isActing }, place, whom), to.includes(whom), `${who} to ${whom}`);
      }
    }
  });
}

const byProof = identityMessages.filter((message) => expected[message] === proof);
const judged = identityMessages.filter((message) => !byProof.includes(message));

test("nobody but the system reaches sideways or up, and below only Root", (t) => {
  for (const message of judged) {
    for (const whom of whoms) {
      for (const rank of ["root", "admin", "user", "role"] as const) {
        for (const isActing of [false, true]) {
          t.false(mayDo(message, { rank, isActing }, "elsewhere", whom), `${message} by ${rank} elsewhere`);
          if (rank !== "root")
            t.false(mayDo(message, { rank, isActing }, "below", whom), `${message} by ${rank} below`);
        }
      }
    }
  }
});

test("nobody changes Root but itself, and whoever is acting makes no credentials", (t) => {
  for (const message of judged.filter((name) => name !== "user.invite")) {
    for (const rank of ["root", "admin", "user", "role"] as const) {
      for (const place of ["own", "below"] as const) t.false(mayDo(message, { rank, isActing: false }, place, "root"));
    }
  }
  const credentials = judged.filter((name) => /^(key\.create|password\.|mfa\.|token\.create)/.test(name));
  t.is(credentials.length, 10);
  for (const message of credentials) {
    for (const place of ["own", "below"] as const) {
      for (const whom of whoms) t.false(mayDo(message, { rank: "root", isActing: true }, place, whom), message);
    }
  }
});
