/** What every row of the admin API refuses, made from the table of rows: a row without a case fails. */

import test, { type ExecutionContext } from "ava";
import { z } from "zod";
import type { AdminRow } from "#src/admin/declaration.ts";
import { adminRows } from "#src/admin/table.ts";
import { limits } from "#src/base/limits.ts";
import { testEachFront as declareTest, type FrontUnderTest } from "#src/front/each-front.testing.ts";
import { type Case, cases, type Ids, pathOf } from "./cases.ts";
import { type Reply, type SignedIn, Stand } from "./stand.ts";
import { enableMfa } from "./totp-client.ts";
import { customer, direct, emailOf, operator, otherReseller, password, reseller } from "./world.ts";

/** Both servers, without TLS: what is judged here does not look at it. */
const testEachFront = (title: string, run: (t: ExecutionContext, front: FrontUnderTest) => Promise<void>): void =>
  declareTest(title, run, ["plain"]);

const isPublic = ({ admits }: AdminRow): boolean => admits.who.includes("none");
const isHalf = ({ admits }: AdminRow): boolean => admits.who.includes("half");
const caseOf = ({ name }: AdminRow): Case => cases[name] ?? {};
const outcome = ({ status, json }: Reply): string => `${status} ${String(json["code"] ?? "")}`.trim();

/** Accounts and names of those who may call, as cases name them. */
const people: Readonly<Record<string, readonly [account: string, name: string]>> = {
  "customer.admin": [customer, "admin"],
  "customer.user": [customer, "user"],
  "customer.root": [customer, "root"],
  "reseller.root": [reseller, "root"],
  "operator.root": [operator, "root"],
};

interface World {
  readonly stand: Stand;
  readonly ids: Ids;
  /** Session of a person, kept for the test. */
  as(account: string, name: string): Promise<SignedIn>;
  /** Sends the row's good request, with parts replaced. */
  call(row: AdminRow, change: Change): Promise<Reply>;
}

interface Change {
  readonly as?: SignedIn;
  readonly body?: unknown;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function open(t: ExecutionContext, front: FrontUnderTest): Promise<World> {
  const stand = await Stand.open(t, front);
  const sessions = new Map<string, SignedIn>();
  const as = async (account: string, name: string): Promise<SignedIn> => {
    const key = `${account}/${name}`;
    const found = sessions.get(key) ?? (await stand.signIn(emailOf(account, name)));
    sessions.set(key, found);
    return found;
  };
  const user = await as(customer, "user");
  const body = { name: "program", scope: "usage" };
  const made = await stand.send({ method: "POST", path: "/me/tokens", as: user, body });
  const { tokenId } = made.json["record"] as { tokenId: string };
  const listed = await stand.send({ method: "GET", path: "/me/sessions", as: user });
  const [session] = listed.json["items"] as { sessionId: string }[];
  const ids = { tokenId, sessionId: session?.sessionId ?? "" };
  const call: World["call"] = (row, change) => {
    const given = caseOf(row);
    const query = change.query ?? given.query;
    const { method } = row;
    const path = `${change.path ?? pathOf(row, ids)}${query === undefined ? "" : `?${query}`}`;
    const sent = "body" in change ? change.body : given.body;
    return stand.send({
      method,
      path,
      ...(sent === undefined ? {} : { body: sent }),
      ...(change.as === undefined ? {} : { as: change.as }),
      ...(change.headers === undefined ? {} : { headers: change.headers }),
    });
  };
  return { stand, ids, as, call };
}

/** The session that may make the row's request; none for rows that anybody may call. */
async function rightful(world: World, row: AdminRow): Promise<{ as?: SignedIn }> {
  if (isPublic(row)) return {};
  if (!row.admits.who.includes("session")) return { as: await halfSession(world) };
  const [account = "", name = ""] = people[caseOf(row).as ?? "customer.admin"] ?? [];
  return { as: await world.as(account, name) };
}

/** A session whose second factor is due. */
async function halfSession({ stand }: World): Promise<SignedIn> {
  stand.records.refresh();
  const isOn = stand.records.user(direct, "admin")?.mfa?.confirmed === true;
  if (!isOn) await enableMfa(stand, await stand.signIn(emailOf(direct, "admin")));
  return stand.signIn(emailOf(direct, "admin"));
}

test("every row has a case, and every case a row", (t) => {
  t.deepEqual(Object.keys(cases).sort(), adminRows.map(({ name }) => name).sort());
  t.deepEqual(
    adminRows.filter(isPublic).map(({ name }) => name),
    ["AcceptInvite", "RequestPasswordReset", "ConfirmPasswordReset", "SignIn"],
  );
  t.deepEqual(
    adminRows.filter(isHalf).map(({ name }) => name),
    ["SignOut", "SignInSecondFactor"],
  );
});

testEachFront("no session: every row that is not public answers 401", async (t, front) => {
  const world = await open(t, front);
  for (const row of adminRows.filter((one) => !isPublic(one))) {
    t.is(outcome(await world.call(row, {})), "401 NotSignedIn", row.name);
    const headers = { authorization: `Bearer trp_api_${"a".repeat(43)}` };
    t.is(outcome(await world.call(row, { headers })), "401 NotSignedIn", `${row.name} with an unknown token`);
    const planted = { cookie: `${world.stand.cookieName}=trp_session_${"a".repeat(43)}`, origin: world.stand.origin };
    t.is(outcome(await world.call(row, { headers: planted })), "401 NotSignedIn", `${row.name} with an unknown cookie`);
  }
});

testEachFront("half signed in: nothing works but the second factor and signing out", async (t, front) => {
  const world = await open(t, front);
  const as = await halfSession(world);
  for (const row of adminRows.filter((one) => !isPublic(one) && !isHalf(one))) {
    t.is(outcome(await world.call(row, { as })), "401 SecondFactorRequired", row.name);
  }
});

/** Rows that everybody who is signed in may call. */
const forEverybody: ReadonlySet<string> = new Set(["CreateConsoleCredentials", "GetMe", "GetSupport", "SignOut"]);

testEachFront("wrong role: every row refuses whom it does not admit", async (t, front) => {
  const world = await open(t, front);
  const user = await world.as(customer, "user");
  const admin = await world.as(customer, "admin");
  const acting = await world.stand.send({
    method: "PUT",
    path: "/session/acting",
    as: await world.stand.signIn(emailOf(reseller, "root")),
    body: { accountId: customer },
  });
  const asCustomer = world.stand.signedIn(acting);
  for (const row of adminRows.filter((one) => !isPublic(one) && !forEverybody.has(one.name))) {
    const { admits, name } = row;
    const tries: SignedIn[] = [];
    if (admits.action !== null || admits.role !== "user") tries.push(user);
    if (admits.kinds !== undefined && !admits.kinds.includes("customer")) tries.push(admin);
    if (!admits.whileActing) tries.push(asCustomer);
    if (!admits.who.includes("session")) tries.push(user);
    t.true(tries.length > 0, `${name}: nobody is the wrong one`);
    for (const as of tries) t.is(outcome(await world.call(row, { as })), "403 AccessDenied", name);
  }
});

testEachFront("an API token reaches what its scope has, and never the person's own affairs", async (t, front) => {
  const world = await open(t, front);
  const root = await world.as(customer, "root");
  const body = { name: "narrow", scope: "usage" };
  const made = await world.stand.send({ method: "POST", path: "/me/tokens", as: root, body });
  const headers = { authorization: `Bearer ${String(made.json["token"])}` };
  for (const row of adminRows.filter((one) => !isPublic(one))) {
    const takes = row.admits.who.includes("token") && row.admits.scope === "usage";
    const reply = await world.call(row, { headers });
    if (takes) t.is(reply.status, row.status, row.name);
    else t.is(outcome(reply), "403 AccessDenied", row.name);
  }
});

testEachFront("wrong tenant: what belongs to another account is not there", async (t, front) => {
  const { stand, ids, call } = await open(t, front);
  const marks = [customer, "crew", "customer-bucket", "of the customer", emailOf(customer, "user")];
  // Last, since the stranger signs in for every row.
  const rows = [...adminRows].sort((one, other) => Number(one === changesPassword) - Number(other === changesPassword));
  for (const row of rows.filter((one) => !isPublic(one) && one.admits.who.includes("session"))) {
    const kinds = row.admits.kinds ?? ["customer"];
    const account = kinds.includes("customer") ? direct : kinds.includes("reseller") ? otherReseller : operator;
    const as = await stand.signIn(emailOf(account, "root"));
    const reply = await call(row, { as, headers: { "x-troupe-account": customer } });
    // What was asked for may be repeated in the refusal.
    const asked = `${pathOf(row, ids)} ${JSON.stringify(caseOf(row))}`;
    for (const mark of marks.filter((one) => !asked.includes(one)))
      t.false(reply.text.includes(mark), `${row.name} tells of ${mark}: ${reply.text}`);
    const isRefused = /^(403 AccessDenied|404 NoSuch(Entity|Bucket|Job))$/.test(outcome(reply));
    t.is(isRefused, row.path.includes("{") || namesInBody.has(row.name), `${row.name}: ${reply.status} ${reply.text}`);
  }
});

const changesPassword = adminRows.find(({ name }) => name === "ChangeMyPassword");
/** Rows whose body names what belongs to the customer. */
const namesInBody: ReadonlySet<string> = new Set(["BeginActing", "SimulatePolicies"]);

testEachFront("malformed body: no row takes what is not JSON of its form", async (t, front) => {
  const world = await open(t, front);
  for (const row of adminRows) {
    const right = await rightful(world, row);
    if (row.body === null) {
      const reply = await world.call(row, { ...right, body: {} });
      t.is(outcome(reply), "400 InvalidInput", `${row.name} takes no body`);
      continue;
    }
    for (const body of ["{", " ", "{}{}", "\u0000", '{"a":undefined}']) {
      const headers = { "content-type": "application/json" };
      const reply = await world.call(row, { ...right, body, headers });
      t.is(outcome(reply), "400 MalformedJson", `${row.name}: ${JSON.stringify(body)}`);
    }
    for (const body of ["[]", "null", "1", '"text"']) {
      t.is(outcome(await world.call(row, { ...right, body })), "400 InvalidInput", `${row.name}: ${body}`);
    }
    const reply = await world.call(row, { ...right, body: bytesAsLatin1 });
    t.is(outcome(reply), "400 MalformedJson", `${row.name}: not UTF-8`);
  }
});

const bytesAsLatin1 = Buffer.from('{"\u00e9":1}', "latin1");

testEachFront("unknown fields: no row takes a member or a word that it does not know", async (t, front) => {
  const world = await open(t, front);
  for (const row of adminRows) {
    const right = await rightful(world, row);
    const word = await world.call(row, { ...right, query: `${caseOf(row).query ?? ""}&unheardOf=1` });
    t.is(outcome(word), "400 InvalidInput", row.name);
    t.true(pointers(word).includes("?unheardOf"), row.name);
    if (row.body === null) continue;
    for (const name of ["unheardOf", "__proto__", "constructor"]) {
      const text = JSON.stringify(caseOf(row).body ?? {}).replace(/^\{/, `{${JSON.stringify(name)}:1,`);
      const reply = await world.call(row, { ...right, body: text.replace(",}", "}") });
      t.is(outcome(reply), "400 InvalidInput", `${row.name}: ${name}`);
      t.true(pointers(reply).includes(`/${name}`), `${row.name}: ${reply.text}`);
    }
  }
});

const pointers = ({ json }: Reply): string[] =>
  ((json["errors"] ?? []) as { pointer: string }[]).map(({ pointer }) => pointer);

interface Node {
  readonly type?: string;
  readonly maxLength?: number;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly anyOf?: readonly Node[];
}

const schemaOf = (schema: z.ZodType): Node => z.toJSONSchema(schema, { io: "input" }) as Node;

function* strings(value: unknown, path: string): Generator<readonly [path: string, node: Node]> {
  if (typeof value !== "object" || value === null) return;
  const node = value as Node;
  if (node.type === "string") yield [path, node];
  for (const [name, inner] of Object.entries(value)) yield* strings(inner, `${path}/${name}`);
}

test("every text that a row takes is bounded", (t) => {
  for (const { name, params, query, body } of adminRows) {
    for (const schema of [params, query, body]) {
      if (schema === null) continue;
      for (const [path, node] of strings(schemaOf(schema), name)) {
        const isBounded =
          node.maxLength !== undefined ||
          node.enum !== undefined ||
          node.const !== undefined ||
          node.format === "date-time" ||
          /\{\d*,?\d+\}/.test(node.pattern ?? "");
        t.true(isBounded, path);
      }
    }
  }
});

testEachFront("oversized fields: no row takes more than its bounds", async (t, front) => {
  const world = await open(t, front);
  const long = "a".repeat(3000);
  for (const row of adminRows) {
    const right = await rightful(world, row);
    for (const label of Object.keys(row.params.shape)) {
      const path = row.path.replace(`{${label}}`, long).replace(/\{\w+\}/g, "x");
      const reply = await world.call(row, { ...right, path });
      t.is(outcome(reply), "400 InvalidInput", `${row.name} {${label}}`);
      t.true(pointers(reply).includes(`{${label}}`), row.name);
    }
    const query = `after=${long}`;
    t.is(outcome(await world.call(row, { ...right, query })), "400 InvalidInput", `${row.name}: query`);
    if (row.body === null) continue;
    const huge = `{"a":"${"a".repeat(limits.adminBodyBytesMax)}"}`;
    t.is(outcome(await world.call(row, { ...right, body: huge })), "413 PayloadTooLarge", row.name);
    const body = caseOf(row).body as Record<string, unknown>;
    for (const [member, node] of Object.entries(schemaOf(row.body).properties ?? {})) {
      const text = node.anyOf?.find(({ type }) => type === "string") ?? node;
      if (text.type !== "string" || text.format === "date-time") continue;
      const reply = await world.call(row, {
        ...right,
        body: { ...body, [member]: "a".repeat((text.maxLength ?? 3000) + 1) },
      });
      t.is(outcome(reply), "400 InvalidInput", `${row.name} /${member}`);
      t.true(pointers(reply).includes(`/${member}`), `${row.name} /${member}: ${reply.text}`);
    }
  }
});

testEachFront("the one who may, may: no good request is refused for who makes it", async (t, front) => {
  const refused: Record<string, string> = {};
  for (const row of adminRows) {
    const world = await open(t, front);
    const right = await rightful(world, row);
    const reply = await world.call(row, right);
    if (reply.status !== row.status) refused[row.name] = outcome(reply);
    t.deepEqual(
      world.stand.logged.filter((line) => /"level":"(error|fatal)"/.test(line)),
      [],
      row.name,
    );
    t.false(
      world.stand.logged.some((line) => line.includes(password)),
      row.name,
    );
  }
  t.deepEqual(refused, expected);
});

/** Good requests that the world's state refuses for a reason of its own. */
const expected: Readonly<Record<string, string>> = {
  // No such link was sent.
  AcceptInvite: "400 InvalidToken",
  ConfirmPasswordReset: "400 InvalidToken",
  // There is no second factor.
  ConfirmMyMfa: "400 InvalidInput",
  DisableMyMfa: "400 InvalidInput",
  NewMyRecoveryCodes: "400 InvalidInput",
  SignInSecondFactor: "401 SignInFailed",
  // There is something left in them.
  DeleteAccount: "409 DeleteConflict",
  DeleteGroup: "409 DeleteConflict",
  DeletePolicy: "409 DeleteConflict",
  DeleteRole: "409 DeleteConflict",
  DeleteUser: "409 DeleteConflict",
  // Not attached, not a member, not acting, not waiting for an invite.
  DetachUserPolicy: "404 NoSuchEntity",
  RemoveGroupUser: "404 NoSuchEntity",
  EndActing: "400 InvalidInput",
  InviteAccountRoot: "400 InvalidInput",
  InviteUser: "400 InvalidInput",
};
