/** Whom to ask for help. */

import { outcome, requirement } from "./requirement.ts";
import type { SignedIn, Stand } from "./stand.ts";
import { customer, direct, emailOf, operator, otherReseller, reseller } from "./world.ts";

const support = async (stand: Stand, as: SignedIn) => (await stand.send({ method: "GET", path: "/support", as })).json;
const setContact = (stand: Stand, as: SignedIn, contact: string | null) =>
  stand.send({ method: "PATCH", path: "/account", as, body: { contact } });

requirement(
  "R56: the contact is the reseller's for its customers, else the operator's, and its Root sets it",
  async (t, stand) => {
    const [root, seller, other] = await Promise.all(
      [operator, reseller, otherReseller].map((account) => stand.signIn(emailOf(account, "root"))),
    );
    const user = await stand.signIn(emailOf(customer, "user"));
    const ofDirect = await stand.signIn(emailOf(direct, "admin"));
    if (root === undefined || seller === undefined || other === undefined) throw new Error("not signed in");
    t.like(await support(stand, user), { contact: null, from: null, mayDiagnose: false });
    t.is((await setContact(stand, root, "https://operator.example/help")).status, 200);
    for (const as of [user, ofDirect, seller, other, root]) {
      t.like(await support(stand, as), { contact: "https://operator.example/help", from: "operator" });
    }
    t.is((await setContact(stand, seller, "help@seller.example")).status, 200);
    t.like(await support(stand, user), { contact: "help@seller.example", from: "reseller" });
    t.like(await support(stand, ofDirect), { contact: "https://operator.example/help" });
    t.like(await support(stand, seller), { contact: "https://operator.example/help" }, "it asks the operator itself");
    t.like(await support(stand, other), { contact: "https://operator.example/help" });
    t.is((await setContact(stand, seller, null)).status, 200);
    t.like(await support(stand, user), { contact: "https://operator.example/help" });
    const admin = await stand.signIn(emailOf(operator, "admin"));
    t.is(outcome(await setContact(stand, admin, "mine@example.com")), "403 AccessDenied", "Root's alone");
    const { guides } = await support(stand, user);
    t.deepEqual(
      (guides as { url: string }[]).map(({ url }) => url),
      ["/apidoc/index.html", "/apidoc/openapi.json"],
    );
  },
);

requirement("R56: diagnostics are for the operator's Root alone", async (t, stand) => {
  const ask = (as: SignedIn) => stand.send({ method: "GET", path: "/support/diagnostics", as });
  const root = await stand.signIn(emailOf(operator, "root"));
  t.true((await support(stand, root))["mayDiagnose"]);
  const reply = await ask(root);
  t.is(reply.status, 200, reply.text);
  t.like(reply.json, { httpServer: "node", isReady: true });
  for (const [account, name] of [
    [operator, "admin"],
    [reseller, "root"],
    [customer, "root"],
    [customer, "user"],
  ] as const) {
    t.is(outcome(await ask(await stand.signIn(emailOf(account, name)))), "403 AccessDenied", `${account} ${name}`);
  }
});
