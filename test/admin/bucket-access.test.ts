/** Access modes of buckets by the admin API: what each makes, and that reopening shows it. */

import type { ExecutionContext } from "ava";
import { type FrontUnderTest, testEachFront } from "#src/front/each-front.testing.ts";
import { type Reply, Stand } from "./stand.ts";
import { customer, direct, emailOf, password } from "./world.ts";

const over = (title: string, run: (t: ExecutionContext, stand: Stand) => Promise<void>): void =>
  testEachFront(title, async (t, front: FrontUnderTest) => run(t, await Stand.open(t, front)), ["plain"]);

const outcome = ({ status, json }: Reply): string => `${status} ${String(json["code"] ?? "")}`.trim();
const path = "/buckets/customer-bucket/access";
const shown = ({ json }: Reply) => ({
  mode: json["mode"],
  permissions: json["permissions"],
  isPublic: json["isPublic"],
});
const policyIn = ({ json }: Reply): unknown => JSON.parse(String(json["policy"]));
const statement = (Action: string, Resource: string) => ({
  Sid: "",
  Effect: "Allow",
  Principal: { AWS: ["*"] },
  Action: [Action],
  Resource: [Resource],
});

over("a bucket is private, is made public by the guide's policy, and private again", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const get = () => stand.send({ method: "GET", path, as });
  const set = (body: object) => stand.send({ method: "PUT", path, as, body });
  const fresh = await get();
  t.deepEqual(shown(fresh), { mode: "Private", permissions: [], isPublic: false });
  t.is(fresh.json["policy"], null);
  const published = await set({ mode: "Public" });
  t.is(published.status, 200, published.text);
  t.deepEqual(policyIn(published), {
    Version: "2019-10-17",
    Statement: [
      statement("s3:GetBucketLocation", "arn:aws:s3:::customer-bucket"),
      statement("s3:GetObject", "arn:aws:s3:::customer-bucket/*"),
    ],
  });
  t.is((await get()).text, published.text);
  t.deepEqual(shown(published), {
    mode: "Public",
    permissions: ["s3:GetBucketLocation", "s3:GetObject"],
    isPublic: true,
  });
  t.is((await set({ mode: "Private" })).status, 200);
  t.deepEqual(shown(await get()), { mode: "Private", permissions: [], isPublic: false });
  const rows = stand.audit(customer).filter(({ action }) => action === "SetBucketAccess");
  t.deepEqual(
    rows.map(({ target, detail }) => [target, detail["mode"]]),
    [
      ["bucket/customer-bucket", "Public"],
      ["bucket/customer-bucket", "Private"],
    ],
  );
});

over("Custom is what the boxes say, or a policy of one's own", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const set = (body: object) => stand.send({ method: "PUT", path, as, body });
  const preview = (body: object) => stand.send({ method: "POST", path: `${path}/preview`, as, body });
  const boxes = { mode: "Custom", permissions: ["s3:PutObject", "s3:ListBucket"] };
  const seen = await preview(boxes);
  t.deepEqual(policyIn(seen), {
    Version: "2019-10-17",
    Statement: [
      statement("s3:ListBucket", "arn:aws:s3:::customer-bucket"),
      statement("s3:PutObject", "arn:aws:s3:::customer-bucket/*"),
    ],
  });
  t.is((await stand.send({ method: "GET", path, as })).json["mode"], "Private", "a preview changes nothing");
  t.is((await set(boxes)).text, seen.text);
  t.deepEqual(shown(await stand.send({ method: "GET", path, as })), {
    mode: "Custom",
    permissions: ["s3:ListBucket", "s3:PutObject"],
    isPublic: true,
  });
  const own = {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { AWS: direct },
        Action: "s3:GetObject",
        Resource: "arn:aws:s3:::customer-bucket/*",
      },
    ],
  };
  const reply = await set({ mode: "Custom", policy: own });
  t.deepEqual(shown(reply), { mode: "Custom", permissions: null, isPublic: false });
  t.deepEqual(policyIn(reply), own);
  for (const [body, code] of [
    [{ mode: "Custom" }, "400 InvalidInput"],
    [{ mode: "Custom", permissions: [] }, "400 InvalidInput"],
    [{ mode: "Custom", permissions: ["s3:*"] }, "400 InvalidInput"],
    [{ mode: "Custom", permissions: ["s3:GetObject"], policy: own }, "400 InvalidInput"],
    [{ mode: "Public", policy: own }, "400 InvalidInput"],
    [{ mode: "Open" }, "400 InvalidInput"],
    [{ mode: "Custom", policy: "{}" }, "400 MalformedPolicyDocument"],
    [{ mode: "Custom", policy: JSON.stringify(own).replace("customer-", "other-") }, "400 MalformedPolicyDocument"],
    [{ mode: "Custom", policy: JSON.stringify(own).padEnd(20 * 1024 + 1) }, "400 MalformedPolicyDocument"],
  ] as const) {
    t.is(outcome(await set(body)), code, JSON.stringify(body).slice(0, 100));
  }
  t.deepEqual(policyIn(await stand.send({ method: "GET", path, as })), own, "what was refused has changed nothing");
});

over("a block of public access, the bucket's or the account's, refuses public modes", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const set = (body: object) => stand.send({ method: "PUT", path, as, body });
  const block = {
    blockPublicAcls: false,
    ignorePublicAcls: false,
    blockPublicPolicy: true,
    restrictPublicBuckets: false,
  };
  stand.configurations.set("customer-bucket", { publicAccessBlock: block });
  t.is(outcome(await set({ mode: "Public" })), "403 PublicAccessBlocked");
  t.is((await set({ mode: "Private" })).status, 200);
  stand.configurations.clear();
  await stand.ask("account.setPublicAccessBlock", { accountId: customer, block });
  t.is(outcome(await set({ mode: "Public" })), "403 PublicAccessBlocked");
  await stand.ask("account.setPublicAccessBlock", { accountId: customer, block: null });
  t.is((await set({ mode: "Public" })).status, 200);
});

over("another account's bucket is not there, and a user needs the permissions", async (t, stand) => {
  const stranger = await stand.signIn(emailOf(direct, "root"));
  const user = await stand.signIn(emailOf(customer, "user"));
  for (const [method, body] of [
    ["GET", undefined],
    ["PUT", { mode: "Public" }],
  ] as const) {
    t.is(outcome(await stand.send({ method, path, as: stranger, body })), "404 NoSuchBucket", method);
    t.is(outcome(await stand.send({ method, path, as: user, body })), "403 AccessDenied", method);
  }
  t.is(stand.configurations.size, 0);
});

over("what the bucket's policy denies is denied here too; Root keeps the policy itself", async (t, stand) => {
  const admin = await stand.signIn(emailOf(customer, "admin"));
  const root = await stand.signIn(emailOf(customer, "root"));
  const Statement = [{ Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "arn:aws:s3:::customer-bucket" }];
  stand.configurations.set("customer-bucket", { policy: JSON.stringify({ Version: "2012-10-17", Statement }) });
  t.is(outcome(await stand.send({ method: "GET", path, as: admin })), "403 AccessDenied");
  for (const mode of ["Public", "Private"]) {
    t.is(outcome(await stand.send({ method: "PUT", path, as: admin, body: { mode } })), "403 AccessDenied", mode);
  }
  const bucket = "/buckets/customer-bucket";
  for (const as of [admin, root]) {
    t.is(outcome(await stand.send({ method: "DELETE", path: bucket, as })), "403 AccessDenied");
    const body = { name: "customer-bucket", password };
    t.is(outcome(await stand.send({ method: "POST", path: `${bucket}/super-delete`, as, body })), "403 AccessDenied");
  }
  t.is((await stand.send({ method: "GET", path, as: root })).status, 200);
  t.is((await stand.send({ method: "PUT", path, as: root, body: { mode: "Private" } })).status, 200);
  t.is((await stand.send({ method: "GET", path, as: admin })).status, 200);
});
