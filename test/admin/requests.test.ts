/** Idempotency, pages, signatures, the node's own socket, the audit log: how programs use the admin API. */

import type { ExecutionContext } from "ava";
import { type FrontUnderTest, testEachFront } from "#src/front/each-front.testing.ts";
import { type Reply, Stand, type StandOptions } from "./stand.ts";
import { customer, customerKey, customerSecret, direct, emailOf, operator, password } from "./world.ts";

type Run = (t: ExecutionContext, stand: Stand) => Promise<void>;

const over = (title: string, run: Run, options: StandOptions = {}): void =>
  testEachFront(title, async (t, front: FrontUnderTest) => run(t, await Stand.open(t, front, options)), ["plain"]);

const outcome = ({ status, json }: Reply): string => `${status} ${String(json["code"] ?? "")}`.trim();
const names = ({ json }: Reply): string[] => (json["items"] as { name: string }[]).map(({ name }) => name);

over("a POST with an idempotency key is done once, for a day", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const create = (name: string, key: string, who = as) =>
    stand.send({ method: "POST", path: "/groups", as: who, body: { name }, headers: { "idempotency-key": key } });
  const first = await create("one", "k1");
  t.is(first.status, 201, first.text);
  const again = await create("one", "k1");
  t.is(again.status, 201);
  t.is(again.text, first.text);
  t.is(outcome(await create("one", "k2")), "409 EntityAlreadyExists", "another key is another request");
  t.is(outcome(await create("two", "k1")), "422 IdempotencyMismatch");
  t.is(outcome(await create("one", "k1", await stand.signIn(emailOf(customer, "root")))), "409 EntityAlreadyExists");
  t.is(outcome(await create("three", "x".repeat(256))), "400 InvalidInput");
  t.is(outcome(await create("one", "k3")), "409 EntityAlreadyExists");
  await stand.send({ method: "DELETE", path: "/groups/one", as });
  t.is((await create("one", "k3")).status, 201, "what was refused may be tried again");
  stand.clock.advance(24 * 60 * 60 * 1000);
  const later = await stand.signIn(emailOf(customer, "admin"));
  t.is(outcome(await create("one", "k1", later)), "409 EntityAlreadyExists", "forgotten after a day");
});

over("the same request sent twice at once is done once", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const headers = { "idempotency-key": "both" };
  const send = () => stand.send({ method: "POST", path: "/groups", as, body: { name: "once" }, headers });
  const [one, other] = await Promise.all([send(), send()]);
  t.deepEqual([one.status, other.status], [201, 201]);
  t.is(one.text, other.text);
});

over("an invitation that was mailed is answered again, and sent once", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const headers = { "idempotency-key": "invite" };
  const create = () => stand.send({ method: "POST", path: "/users", as, body: { email: "ann@example.com" }, headers });
  const first = await create();
  t.is(first.status, 201, first.text);
  t.is((await create()).text, first.text);
  t.is(stand.mails.length, 1);
});

over("a secret is not given out twice under one idempotency key", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const headers = { "idempotency-key": "secret" };
  const create = () => stand.send({ method: "POST", path: "/me/keys", as, body: {}, headers });
  t.is((await create()).status, 201);
  t.is(outcome(await create()), "409 AlreadyDone");
  t.is(((await stand.send({ method: "GET", path: "/me/keys", as })).json["items"] as unknown[]).length, 1);
});

over("pages follow one another without gaps and end", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const made = ["a", "b", "c", "d", "e"];
  for (const name of made) await stand.send({ method: "POST", path: "/groups", as, body: { name } });
  const seen: string[] = [];
  let query = "?limit=2";
  for (let pages = 0; pages < 10; pages++) {
    const page = await stand.send({ method: "GET", path: `/groups${query}`, as });
    t.is(page.status, 200, page.text);
    seen.push(...names(page));
    if (page.json["next"] === null) break;
    query = `?limit=2&after=${String(page.json["next"])}`;
  }
  t.deepEqual(seen, [...made, "crew"].sort());
  for (const bad of [
    "?limit=0",
    "?limit=1001",
    "?limit=x",
    "?limit=1.5",
    "?limit=1&limit=2",
    "?after=%21",
    "?after=",
  ]) {
    t.is(outcome(await stand.send({ method: "GET", path: `/groups${bad}`, as })), "400 InvalidInput", bad);
  }
});

over("a misspelt name is answered with the nearest one", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const reply = await stand.send({
    method: "POST",
    path: "/users",
    as,
    body: { emial: "ann@example.com", rol: "user" },
  });
  const errors = reply.json["errors"] as { pointer: string; detail: string }[];
  t.is(errors.find(({ pointer }) => pointer === "/emial")?.detail, 'is not known; did you mean "email"?');
  t.is(errors.find(({ pointer }) => pointer === "/rol")?.detail, 'is not known; did you mean "role"?');
});

over("a signature over the whole request proves a program, and nothing less does", async (t, stand) => {
  const get = { method: "GET", path: "/me" } as const;
  const me = await stand.signed(get, customerKey, customerSecret);
  t.is(me.status, 200, me.text);
  t.is((me.json["identity"] as { userName: string }).userName, "user");
  t.is(outcome(await stand.signed(get, customerKey, "wrong")), "401 NotSignedIn");
  t.is(outcome(await stand.signed(get, "TRPK0000000000000009", customerSecret)), "401 NotSignedIn");
  const key = await stand.signed({ method: "POST", path: "/me/keys", body: {} }, customerKey, customerSecret);
  t.is(key.status, 201, key.text);
  t.is(
    outcome(await stand.signed({ method: "GET", path: "/me/sessions" }, customerKey, customerSecret)),
    "403 AccessDenied",
  );
  await stand.alterUser(customer, "user", { status: "disabled" });
  t.is(outcome(await stand.signed(get, customerKey, customerSecret)), "401 NotSignedIn");
});

over("another body than the signed one is refused", async (t, stand) => {
  const signed = stand.signature({ method: "POST", path: "/me/keys", body: {} }, customerKey, customerSecret);
  const same = await stand.send({ method: "POST", path: "/me/keys", body: {}, headers: signed });
  t.is(same.status, 201, same.text);
  const other = await stand.send({ method: "POST", path: "/me/keys", body: "{ }", headers: signed });
  t.is(outcome(other), "401 NotSignedIn");
  const unsigned = { ...signed, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
  t.is(outcome(await stand.send({ method: "POST", path: "/me/keys", body: {}, headers: unsigned })), "401 NotSignedIn");
});

over(
  "the node's own socket acts for the operator, or for the account that is named",
  async (t, stand) => {
    const me = await stand.send({ method: "GET", path: "/me" });
    t.is(me.status, 200, me.text);
    t.is((me.json["account"] as { accountId: string }).accountId, operator);
    t.is(me.json["identity"], null);
    const headers = { "x-troupe-account": customer };
    const users = await stand.send({ method: "GET", path: "/users", headers });
    t.deepEqual(names(users), ["admin", "root", "user"]);
    const made = await stand.send({ method: "POST", path: "/users", headers, body: { email: "by@example.com" } });
    t.is(made.status, 201, made.text);
    const row = stand.audit(customer).find(({ action }) => action === "user.create");
    t.is(row?.by.kind, "system");
    t.is(outcome(await stand.send({ method: "GET", path: "/me/keys" })), "403 AccessDenied");
    t.is(outcome(await stand.send({ method: "GET", path: "/me/sessions" })), "403 AccessDenied");
    const nowhere = { "x-troupe-account": "999999999999" };
    t.is(outcome(await stand.send({ method: "GET", path: "/me", headers: nowhere })), "404 NoSuchEntity");
  },
  { isLocal: true },
);

over("the account's list of addresses binds every proof", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "root"));
  const body = { name: "program", scope: "all" };
  const token = (await stand.send({ method: "POST", path: "/me/tokens", as, body })).json["token"];
  const headers = { authorization: `Bearer ${String(token)}` };
  const set = (addressRanges: readonly string[]) =>
    stand.send({ method: "PATCH", path: "/account", as, body: { addressRanges } });
  t.is((await set(["127.0.0.0/8", "::1"])).status, 200);
  t.is((await stand.send({ method: "GET", path: "/me", as })).status, 200);
  t.is((await set(["192.0.2.0/24"])).status, 200);
  t.is(outcome(await stand.send({ method: "GET", path: "/me", as })), "401 NotSignedIn");
  t.is(outcome(await stand.send({ method: "GET", path: "/me", headers })), "401 NotSignedIn");
  t.is(outcome(await stand.signed({ method: "GET", path: "/me" }, customerKey, customerSecret)), "401 NotSignedIn");
});

over("a suspended account is out at once, with all below it", async (t, stand) => {
  const above = await stand.signIn(emailOf(operator, "root"));
  const as = await stand.signIn(emailOf(customer, "admin"));
  const put = (verb: string) =>
    stand.send({ method: "POST", path: `/accounts/222222222222/${verb}`, as: above, body: {} });
  t.is((await put("suspend")).status, 204);
  t.is(outcome(await stand.send({ method: "GET", path: "/me", as })), "401 NotSignedIn");
  t.is(outcome(await stand.signed({ method: "GET", path: "/me" }, customerKey, customerSecret)), "401 NotSignedIn");
  t.is((await put("resume")).status, 204);
  t.is((await stand.signed({ method: "GET", path: "/me" }, customerKey, customerSecret)).status, 200);
});

over("the audit log is read by page, filter and CSV, each account its own", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const formula = "=HYPERLINK(1)";
  for (const name of ["one", "two", "three"]) {
    stand.clock.advance(1000);
    await stand.send({ method: "POST", path: "/groups", as, body: { name } });
  }
  await stand.ask("audit.write", {
    by: {
      accountId: customer,
      name: formula,
      kind: "user",
      via: "session",
      original: null,
      address: null,
      requestId: null,
    },
    action: "test.formula",
    outcome: "failed",
    accountId: customer,
    target: formula,
    detail: {},
  });
  const read = (query: string) => stand.send({ method: "GET", path: `/audit${query}`, as });
  const targets = ({ json }: Reply) => (json["items"] as { target: string }[]).map(({ target }) => target);
  t.deepEqual(targets(await read("?action=group.create")), ["group/one", "group/two", "group/three"]);
  const paged: string[] = [];
  for (let after = ""; ; ) {
    const page = await read(`?action=group.create&limit=2${after}`);
    t.true(targets(page).length <= 2);
    paged.push(...targets(page));
    if (page.json["next"] === null) break;
    after = `&after=${String(page.json["next"])}`;
  }
  t.deepEqual(paged, ["group/one", "group/two", "group/three"]);
  const from = new Date(stand.clock.nowMs() - 1000).toISOString();
  t.deepEqual(targets(await read(`?action=group.create&from=${from}`)), ["group/two", "group/three"]);
  t.deepEqual(targets(await read(`?action=group.create&to=${from}`)), ["group/one"]);
  const walk = async (query: string): Promise<string[]> => {
    const found: string[] = [];
    for (let cursor = ""; ; ) {
      const page = await read(`?limit=2&${query}${cursor}`);
      found.push(...targets(page));
      if (page.json["next"] === null) return found;
      cursor = `&after=${String(page.json["next"])}`;
    }
  };
  t.deepEqual(await walk("order=newest&action=group.create"), ["group/three", "group/two", "group/one"]);
  t.deepEqual(await walk("order=newest"), (await walk("order=oldest")).reverse());
  t.deepEqual(await walk(`order=newest&action=group.create&from=${from}`), ["group/three", "group/two"]);
  t.deepEqual(await walk(`order=newest&action=group.create&to=${from}`), ["group/one"]);
  const first = await read("?order=newest&limit=2");
  const second = await read(`?order=newest&limit=2&after=${String(first.json["next"])}`);
  const back = await read(`?order=oldest&limit=1&after=${String(second.json["next"])}`);
  t.deepEqual(targets(back), targets(second).slice(0, 1), "a cursor leads back by the other order");
  t.is(outcome(await read("?order=both")), "400 InvalidInput");
  const csv = await read(".csv?outcome=failed");
  t.is(csv.status, 200, csv.text);
  t.regex(csv.headers.get("content-type") ?? "", /^text\/csv/);
  t.regex(csv.headers.get("content-disposition") ?? "", /attachment/);
  const [head = "", line = "", end] = csv.text.split("\r\n");
  t.is(head, "at,action,outcome,account,target,by,original,via,address,detail");
  t.true(line.includes(`,'${formula},`), "no cell is a formula");
  t.is(end, "");
  t.is(outcome(await read(`?account=${direct}`)), "404 NoSuchEntity");
  t.is(outcome(await read("?account=all")), "403 AccessDenied");
  const above = await stand.signIn(emailOf(operator, "root"));
  const every = await stand.send({ method: "GET", path: "/audit?account=all&action=group.create", as: above });
  t.is(targets(every).length, 3);
});

over("buckets are made, listed, seen and deleted by their account alone", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const made = await stand.send({
    method: "POST",
    path: "/buckets",
    as,
    body: { name: "photos", region: "eu-west-3" },
  });
  t.is(made.status, 201, made.text);
  t.is(made.json["region"], "eu-west-3");
  t.deepEqual(names(await stand.send({ method: "GET", path: "/buckets", as })), ["customer-bucket", "photos"]);
  const bad = await stand.send({ method: "POST", path: "/buckets", as, body: { name: "No" } });
  t.is(outcome(bad), "400 InvalidBucketName");
  const stranger = await stand.signIn(emailOf(direct, "root"));
  const taken = await stand.send({ method: "POST", path: "/buckets", as: stranger, body: { name: "photos" } });
  t.is(outcome(taken), "409 BucketAlreadyExists");
  t.is(outcome(await stand.send({ method: "DELETE", path: "/buckets/photos", as: stranger })), "404 NoSuchBucket");
  t.is((await stand.send({ method: "DELETE", path: "/buckets/photos", as })).status, 204);
  t.is(outcome(await stand.send({ method: "GET", path: "/buckets/photos", as })), "404 NoSuchBucket");
});

over(
  "a bucket is there when it has the default ownership, and once for all who ask for it",
  async (t, stand) => {
    const as = await stand.signIn(emailOf(customer, "admin"));
    const make = () => stand.send({ method: "POST", path: "/buckets", as, body: { name: "owned" } });
    for (const { status, text } of await Promise.all([make(), make(), make()])) t.is(status, 201, text);
    t.deepEqual(stand.configurations.get("owned"), { ownershipControls: "BucketOwnerEnforced" });
    t.deepEqual(names(await stand.send({ method: "GET", path: "/buckets", as })), ["customer-bucket", "owned"]);
  },
  { defaultOwnership: "BucketOwnerEnforced" },
);

over("no secret that was sent or made is in the log", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  await stand.send({
    method: "POST",
    path: "/session",
    body: { email: emailOf(customer, "root"), password: "wrong one" },
  });
  const key = (await stand.send({ method: "POST", path: "/me/keys", as, body: {} })).json;
  const token = (await stand.send({ method: "POST", path: "/me/tokens", as, body: { name: "x", scope: "all" } })).json;
  const log = stand.logged.join("");
  for (const secret of [password, "wrong one", key["secretAccessKey"], token["token"], as.cookie, as.csrf]) {
    t.false(log.includes(String(secret)));
  }
});
