/** ACLs that writes bring along: what a plain write costs, and what the ownership and the block of a bucket make of the others. */

import test from "ava";
import type { Principal } from "../account/principal.ts";
import type { BucketConfiguration } from "../bucket/configuration.ts";
import { newAccount } from "../control/identity-records.ts";
import { asS3Error } from "../s3/errors.ts";
import { type AclInput, aclOfWrite } from "./acl-headers.ts";
import type { Services } from "./context.ts";
import { configuredWith, testBucket } from "./operations.testing.ts";

const accountOf = (accountId: string, canonicalId: string) =>
  newAccount({ accountId, canonicalId, displayName: accountId, kind: "customer", parent: null, createdMs: 0 });
const owner = accountOf(testBucket.accountId, "owner");
const other = accountOf("999988887777", "other");

const principalOf = (account: typeof owner, kind: "root" | "user" | "anonymous" = "root") =>
  ({ account, identity: { kind } }) as unknown as Principal;

/** Anything that is asked of it is a fault. */
const untouched = new Proxy({}, { get: (_target, name) => () => Promise.reject(new Error(`asked ${String(name)}`)) });

const servicesOf = (configuration: Partial<BucketConfiguration>): Services => {
  const accounts = [owner, other];
  return {
    control: {
      account: (id: string) => accounts.find(({ accountId }) => accountId === id),
      accountOfCanonicalId: (id: string) => accounts.find(({ canonicalId }) => canonicalId === id),
      accountsOfRootEmail: () => [],
    },
    configurationOf: () => configuredWith(configuration),
    publicAccessBlockOf: () => configuration.publicAccessBlock ?? { blockPublicAcls: false },
  } as unknown as Services;
};

const outcome = (input: AclInput, principal: Principal, configuration: Partial<BucketConfiguration>): string => {
  try {
    const acl = aclOfWrite(input, { bucket: testBucket, principal, services: servicesOf(configuration) });
    return acl === undefined ? "none" : `${acl.ownerId}, ${acl.grants.length} grants`;
  } catch (error) {
    return asS3Error(error)?.code ?? String(error);
  }
};

test("a write of the bucket's account without an ACL asks for nothing", (t) => {
  for (const kind of ["root", "user"] as const) {
    const context = { bucket: testBucket, principal: principalOf(owner, kind), services: untouched as Services };
    t.is(aclOfWrite({}, context), undefined);
  }
});

test("whoever else writes owns, unless the bucket says otherwise", (t) => {
  t.is(outcome({}, principalOf(other), {}), "other, 1 grants");
  t.is(outcome({}, principalOf(owner, "anonymous"), {}), "65a011a29cdf8ec533ec3d1ccaae921c, 1 grants");
  t.is(outcome({}, principalOf(other), { ownershipControls: "BucketOwnerEnforced" }), "none");
  const full = { ACL: "bucket-owner-full-control" } as const;
  t.is(outcome(full, principalOf(other), { ownershipControls: "BucketOwnerPreferred" }), "none");
  t.is(outcome(full, principalOf(other), { ownershipControls: "ObjectWriter" }), "other, 2 grants");
});

test("a block of public ACLs refuses those and no others", (t) => {
  const publicAccessBlock = {
    blockPublicAcls: true,
    ignorePublicAcls: false,
    blockPublicPolicy: false,
    restrictPublicBuckets: false,
  };
  const blocked = (input: AclInput) => outcome(input, principalOf(owner), { publicAccessBlock });
  t.is(blocked({ ACL: "public-read" }), "AccessDenied");
  t.is(blocked({ ACL: "authenticated-read" }), "AccessDenied");
  t.is(blocked({ GrantRead: 'uri="http://acs.amazonaws.com/groups/global/AllUsers"' }), "AccessDenied");
  t.is(blocked({ ACL: "private" }), "none");
  t.is(blocked({ GrantRead: "id=other" }), "owner, 1 grants");
  t.is(outcome({ ACL: "public-read" }, principalOf(owner), {}), "owner, 2 grants");
});

test("a canned ACL and grants contradict each other", (t) => {
  t.is(outcome({ ACL: "private", GrantRead: "id=other" }, principalOf(owner), {}), "InvalidRequest");
});
