/** The page behind a user's e-mail: what the user may do and why, and changing it. */

import { outcome, requirement } from "./requirement.ts";
import type { SignedIn, Stand } from "./stand.ts";
import { customer, direct, emailOf } from "./world.ts";

interface Permissions {
  readonly user: {
    readonly name: string;
    readonly groups: readonly string[];
    readonly attachedPolicies: readonly string[];
  };
  readonly grants: readonly {
    readonly kind: string;
    readonly name: string;
    readonly arn: string | null;
    readonly through: string | null;
    readonly document: string;
  }[];
  readonly buckets: { readonly items: readonly { readonly name: string; readonly may: readonly string[] }[] };
}

const readOnly = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
const fullAccess = "arn:aws:iam::aws:policy/AmazonS3FullAccess";

async function permissions(stand: Stand, as: SignedIn, name: string): Promise<Permissions> {
  const reply = await stand.send({ method: "GET", path: `/users/${name}/permissions`, as });
  if (reply.status !== 200) throw new Error(reply.text);
  return reply.json as unknown as Permissions;
}

const may = ({ buckets }: Permissions, name = "customer-bucket") => buckets.items.find((one) => one.name === name)?.may;

requirement(
  "R42: one page shows a user's policies, groups and buckets, and an Admin changes them",
  async (t, stand) => {
    const as = await stand.signIn(emailOf(customer, "admin"));
    const made = await stand.send({ method: "POST", path: "/users", as, body: { email: "ann@example.com" } });
    t.is(made.status, 201, made.text);
    const name = encodeURIComponent("ann@example.com");
    const bare = await permissions(stand, as, name);
    t.deepEqual(bare.grants, []);
    t.deepEqual(may(bare), [], "invited: nothing yet");
    await stand.alterUser(customer, "ann@example.com", { status: "active" });
    t.deepEqual(may(await permissions(stand, as, name)), []);
    const set = (body: object) => stand.send({ method: "PUT", path: `/users/${name}/permissions`, as, body });
    const granted = await set({ policies: [readOnly] });
    t.is(granted.status, 200, granted.text);
    t.deepEqual(may(granted.json as unknown as Permissions), ["list", "read"]);
    const joined = (await set({ groups: ["crew"] })).json as unknown as Permissions;
    t.deepEqual(joined.user.groups, ["crew"]);
    t.deepEqual(joined.user.attachedPolicies, [readOnly], "what is not named stays");
    t.deepEqual(
      joined.grants.map(({ kind, name: policy, through }) => `${kind} ${policy} ${through}`),
      ["managed AmazonS3ReadOnlyAccess null", "managed AmazonS3ReadOnlyAccess crew", "inline inl crew"],
    );
    for (const { document } of joined.grants) t.true("Statement" in JSON.parse(document));
    const swapped = (await set({ policies: [fullAccess], groups: [] })).json as unknown as Permissions;
    t.deepEqual(
      swapped.grants.map(({ arn }) => arn),
      [fullAccess],
    );
    t.deepEqual(may(swapped), ["list", "read", "write", "delete", "manage"]);
    const deny = { Effect: "Deny", Action: "s3:DeleteObject", Resource: "arn:aws:s3:::customer-bucket/*" };
    const path = `/users/${name}/inline-policies/keep`;
    const document = { Version: "2012-10-17", Statement: [deny] };
    t.is((await stand.send({ method: "PUT", path, as, body: { document } })).status, 204);
    t.deepEqual(may(await permissions(stand, as, name)), ["list", "read", "write", "manage"], "a Deny counts");
    const actions = stand.audit(customer).map(({ action }) => action);
    for (const action of ["policy.attach", "policy.detach", "group.addUser", "group.removeUser"]) {
      t.true(actions.includes(action), action);
    }
    t.deepEqual(may(await permissions(stand, as, "admin")), ["list", "read", "write", "delete", "manage"]);
  },
);

requirement(
  "R42: what cannot be granted is refused whole, and each change takes its own permission",
  async (t, stand) => {
    const as = await stand.signIn(emailOf(customer, "admin"));
    const path = "/users/user/permissions";
    const before = await permissions(stand, as, "user");
    for (const body of [
      { policies: [readOnly, `arn:aws:iam::${customer}:policy/none`] },
      { policies: [readOnly, `arn:aws:iam::${direct}:policy/own`] },
      { policies: [readOnly], groups: ["none"] },
    ]) {
      t.is(outcome(await stand.send({ method: "PUT", path, as, body })), "404 NoSuchEntity", JSON.stringify(body));
    }
    t.deepEqual(await permissions(stand, as, "user"), before, "nothing has changed");
    const self = await stand.send({
      method: "PUT",
      path: "/users/root/permissions",
      as,
      body: { policies: [readOnly] },
    });
    t.is(outcome(self), "403 AccessDenied", "Root has all, and nobody changes it");
    const allowed = ["iam:GetAccountAuthorizationDetails", "iam:AttachUserPolicy"];
    const document = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: allowed, Resource: "*" }] };
    const helper = { method: "PUT", path: "/users/user/inline-policies/inl", as, body: { document } };
    t.is((await stand.send(helper)).status, 204);
    await stand.send({ method: "POST", path: "/users", as, body: { name: "bob" } });
    const user = await stand.signIn(emailOf(customer, "user"));
    const change = (body: object) => stand.send({ method: "PUT", path: "/users/bob/permissions", as: user, body });
    t.is((await change({ policies: [readOnly] })).status, 200);
    t.is(outcome(await change({ policies: [] })), "403 AccessDenied", "detaching was not allowed");
    t.is(outcome(await change({ groups: ["crew"] })), "403 AccessDenied");
    t.is(stand.audit(customer).at(-1)?.outcome, "denied");
  },
);
