import test from "ava";
import { identityKeys, newAccount } from "../control/identity-records.ts";
import { belongsTo, TenantHosts } from "./tenant-host.ts";

const records = (values: Readonly<Record<string, unknown>>) => ({
  record: <T>(key: string): T | undefined => values[key] as T | undefined,
});

test("the label behind s3 names the tenant, in every domain, and buckets stand left of it", (t) => {
  const hosts = new TenantHosts(["example.com", "example.org"]);
  const known = records({ [identityKeys.label("acme")]: { accountId: "1" } });
  for (const [host, endpoint] of [
    ["s3.acme.example.com", "s3.acme.example.com"],
    ["S3.Acme.Example.COM:9000", "s3.acme.example.com"],
    ["bucket.s3.acme.example.org", "s3.acme.example.org"],
    ["a.b.c.s3.acme.example.com.", "s3.acme.example.com"],
    ["s3.s3.acme.example.com", "s3.acme.example.com"],
  ] as const)
    t.deepEqual(hosts.find(host, known), { endpoints: [endpoint], accountId: "1" }, host);
  for (const host of [
    "s3.example.com",
    "bucket.s3.example.com",
    "acme.example.com",
    "s3.nobody.example.com",
    "s3.acme.elsewhere.com",
    "example.com",
    "",
    "127.0.0.1:9000",
    "[::1]:9000",
  ])
    t.is(hosts.find(host, known), null, host);
});

test("a host that was looked up before is looked up in the newest records", (t) => {
  const hosts = new TenantHosts(["example.com"]);
  const host = "s3.acme.example.com";
  t.is(hosts.find(host, records({})), null);
  t.is(hosts.find(host, records({ [identityKeys.label("acme")]: { accountId: "1" } }))?.accountId, "1");
  t.is(hosts.find(host, records({ [identityKeys.label("acme")]: { accountId: "2" } }))?.accountId, "2");
  t.is(hosts.find(host, records({})), null);
});

test("an account belongs to itself and to what stands above it, to nothing else", (t) => {
  const account = (accountId: string, parent: string | null) =>
    newAccount({ accountId, canonicalId: accountId, displayName: "", kind: "customer", parent, createdMs: 0 });
  const operator = account("1", null);
  const reseller = account("2", "1");
  const customer = account("3", "2");
  const sibling = account("4", "2");
  const known = records(
    Object.fromEntries(
      [operator, reseller, customer, sibling].map((each) => [identityKeys.account(each.accountId), each]),
    ),
  );
  for (const [one, tenant, expected] of [
    [customer, "3", true],
    [customer, "2", true],
    [customer, "1", true],
    [customer, "4", false],
    [reseller, "3", false],
    [operator, "2", false],
    [account("9", "8"), "1", false],
  ] as const)
    t.is(belongsTo(one, tenant, known), expected, `${one.accountId} in ${tenant}`);
});
