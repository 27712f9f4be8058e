/** Host names that choose the tenant: whose keys count there, buckets left of it, and where its people sign in. */

import type { ExecutionContext } from "ava";
import { eachFront, outcome, type Stand } from "../support/each-front.ts";
import { keysOf, operatorWith } from "../support/identities.ts";
import { testKeys } from "../support/node-process.ts";
import { sendSigned } from "../support/signed-request.ts";

const accounts = [
  { accountId: "200000000000", name: "north", kind: "reseller", parent: "100000000000" },
  { accountId: "300000000000", name: "acme", kind: "customer", parent: "200000000000" },
  { accountId: "400000000000", name: "birch", kind: "customer", parent: "100000000000" },
];

const test = eachFront({
  identities: {
    accounts: [
      operatorWith([]),
      ...accounts.map(({ accountId, name, kind, parent }) => ({
        accountId,
        canonicalId: `canonical-${name}`,
        displayName: name,
        kind,
        parent,
        root: {
          email: `root@${name}.example.com`,
          password: "a password of the suites",
          keys: kind === "reseller" ? [] : [keysOf(name)],
        },
      })),
    ],
  },
  settings: ['domain=["example.com"]'],
});

/** Gives each account the label that is its name. */
async function label(t: ExecutionContext, stand: Stand): Promise<void> {
  for (const { accountId, name } of accounts) {
    const headers = { "content-type": "application/json" };
    const target = `/api/v1/accounts/${accountId}`;
    const body = JSON.stringify({ label: name });
    const reply = await sendSigned(stand.consoleEndpoint, { method: "PATCH", target, headers, body, ...testKeys });
    t.is(reply.status, 200, reply.body.toString());
  }
}

const at = (host: string) => ({ headers: { host } });

test("R14: the host chooses the tenant, and another tenant's key is unknown there", async (t, stand) => {
  const { signed, implementation } = stand;
  await label(t, stand);
  const list = (host: string, key: { accessKeyId: string; secretAccessKey: string }) =>
    signed({ method: "GET", target: "/", ...at(host), ...key });
  t.is(outcome(await list("s3.acme.example.com", keysOf("acme"))), "200");
  t.is(outcome(await list("S3.ACME.EXAMPLE.COM:9000", keysOf("acme"))), "200", "in any case, with a port");
  for (const [host, key] of [
    ["s3.acme.example.com", keysOf("birch")],
    ["s3.birch.example.com", keysOf("acme")],
    ["s3.acme.example.com", testKeys],
    ["s3.north.example.com", keysOf("birch")],
    ["s3.north.example.com", testKeys],
  ] as const) {
    t.is(outcome(await list(host, key)), "403 InvalidAccessKeyId", `${host} ${key.accessKeyId}`);
  }
  t.is(outcome(await list("s3.north.example.com", keysOf("acme"))), "200", "a reseller's host serves its customers");
  for (const key of [testKeys, keysOf("acme"), keysOf("birch")]) {
    t.is(outcome(await list("s3.example.com", key)), "200", "the direct host serves everybody");
  }
  const bucket = `mine-${implementation}`;
  const acme = keysOf("acme");
  t.is(outcome(await signed({ method: "PUT", target: `/${bucket}`, ...at("s3.acme.example.com"), ...acme })), "200");
  const hosted = at(`${bucket}.s3.acme.example.com`);
  t.is(outcome(await signed({ method: "PUT", target: "/a/b", body: "x", ...hosted, ...acme })), "200");
  const read = await signed({ method: "GET", target: `/${bucket}/a/b`, ...at("s3.acme.example.com"), ...acme });
  t.is(read.body.toString(), "x", "both addressing styles name one object");
  t.is(
    outcome(await signed({ method: "GET", target: "/a/b", ...hosted, ...keysOf("birch") })),
    "403 InvalidAccessKeyId",
  );
});

test("R14: /admin and /signin on a tenant's host lead to the console", async (t, stand) => {
  await label(t, stand);
  for (const host of ["s3.example.com", "s3.north.example.com", "s3.acme.example.com"]) {
    for (const path of ["/admin", "/signin"]) {
      const answer = await stand.plain({ method: "GET", target: path, headers: { host } });
      t.is(answer.status, 302, `${host}${path}`);
      t.is(answer.headers["location"], stand.consoleEndpoint + path);
    }
  }
});

test("R14: at a tenant's host its people sign in to the console, and no others", async (t, stand) => {
  await label(t, stand);
  const signIn = (host: string, email: string) =>
    sendSigned(stand.consoleEndpoint, {
      method: "POST",
      target: "/api/v1/session",
      headers: { host, "content-type": "application/json" },
      body: JSON.stringify({ email, password: "a password of the suites" }),
    });
  t.is((await signIn("s3.acme.example.com", "root@acme.example.com")).status, 200);
  t.is((await signIn("s3.acme.example.com", "root@birch.example.com")).status, 401);
  t.is((await signIn("s3.example.com", "root@birch.example.com")).status, 200);
});
