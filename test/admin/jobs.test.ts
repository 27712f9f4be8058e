/** Rows of jobs and usage: what they ask before they begin, what they show, and whose. */

import { limits } from "#src/base/limits.ts";
import { testEachFront } from "#src/front/each-front.testing.ts";
import { type Reply, Stand } from "./stand.ts";
import { customer, customerJob, direct, emailOf, operator, password, reseller } from "./world.ts";

const outcome = ({ status, json }: Reply): string => `${status} ${String(json["code"] ?? "")}`.trim();
const path = "/buckets/customer-bucket/super-delete";
const name = "customer-bucket";
const pointersOf = ({ json }: Reply) => (json["errors"] as { pointer: string }[]).map(({ pointer }) => pointer);

testEachFront("a bucket is super-deleted by its name and the password, and only once", async (t, front) => {
  const stand = await Stand.open(t, front);
  const as = await stand.signIn(emailOf(customer, "admin"));
  const post = (body: object) => stand.send({ method: "POST", path, as, body });
  t.deepEqual(pointersOf(await post({ name: "customer-bucke", password })), ["/name"]);
  t.deepEqual(pointersOf(await post({ name })), ["/password"]);
  t.is(outcome(await post({ name, password: "another password" })), "401 SignInFailed");
  t.deepEqual(stand.begunJobs, []);
  const begun = await post({ name, password });
  t.is(begun.status, 202, begun.text);
  t.like(begun.json, { bucket: name, state: "running", total: 0, removed: 0, progress: 0, endedAt: null });
  const jobId = String(begun.json["jobId"]);
  t.deepEqual(stand.begunJobs, [jobId]);
  t.deepEqual(begun.json["by"], { accountId: customer, name: "admin", original: null });
  // The runner's first step.
  await stand.ask("bucket.markDeleting", { name, jobId });
  t.is(outcome(await post({ name, password })), "409 OperationAborted");
  const rows = stand.audit(customer).map(({ action, outcome: end, target }) => `${action} ${end} ${target}`);
  t.deepEqual(
    rows.filter((row) => /job|confirm/.test(row)),
    ["password.confirm failed user/admin", `job.superDelete done bucket/${name}`],
  );
});

testEachFront("a bucket with locked versions is refused with their list, and no job begins", async (t, front) => {
  const lock = { retention: { mode: "COMPLIANCE", untilMs: Date.UTC(2030, 0, 2) }, legalHold: true } as const;
  const listed = [{ key: "a b", versionId: "v1", lock }];
  const stand = await Stand.open(t, front, { locked: { listed, count: 7 } });
  const as = await stand.signIn(emailOf(customer, "admin"));
  const refused = await stand.send({ method: "POST", path, as, body: { name, password } });
  t.is(outcome(refused), "409 BucketLocked");
  t.is(refused.json["detail"], "They are 7, of which the first 1 are listed.");
  t.deepEqual(refused.json["errors"], [
    { pointer: "{name}", detail: 'holds "a b" version v1: COMPLIANCE until 2030-01-02T00:00:00.000Z, legal hold' },
  ]);
  t.deepEqual(stand.begunJobs, []);
});

testEachFront("a program needs no password, and who acts for an account gives its own", async (t, front) => {
  const stand = await Stand.open(t, front);
  const root = await stand.signIn(emailOf(customer, "root"));
  const token = { name: "all", scope: "all" };
  const made = await stand.send({ method: "POST", path: "/me/tokens", as: root, body: token });
  const headers = { authorization: `Bearer ${String(made.json["token"])}` };
  const begun = await stand.send({ method: "POST", path, headers, body: { name } });
  t.is(begun.status, 202, begun.text);
  const cancelled = await stand.send({
    method: "POST",
    path: `/jobs/${begun.json["jobId"]}/cancel`,
    headers,
    body: {},
  });
  t.like(cancelled.json, { state: "cancelling" });
  const above = await stand.signIn(emailOf(reseller, "root"));
  const acting = await stand.send({ method: "PUT", path: "/session/acting", as: above, body: { accountId: customer } });
  const as = stand.signedIn(acting);
  t.is(outcome(await stand.send({ method: "POST", path, as, body: { name, password: "wrong" } })), "401 SignInFailed");
  const again = await stand.send({ method: "POST", path, as, body: { name, password } });
  t.is(again.status, 202, again.text);
  t.deepEqual(again.json["by"], {
    accountId: customer,
    name: "root",
    original: { accountId: reseller, name: "root" },
  });
});

testEachFront("jobs are listed with the newest first, and cancelled until they have ended", async (t, front) => {
  const stand = await Stand.open(t, front);
  const as = await stand.signIn(emailOf(customer, "admin"));
  stand.clock.advance(5000);
  const begun = await stand.send({ method: "POST", path, as, body: { name, password } });
  const jobId = String(begun.json["jobId"]);
  await stand.ask("job.progress", { jobId, removed: 5 });
  const listed = await stand.send({ method: "GET", path: "/jobs?limit=1", as });
  t.deepEqual(
    (listed.json["items"] as { jobId: string }[]).map((job) => job.jobId),
    [jobId],
  );
  const rest = await stand.send({ method: "GET", path: `/jobs?after=${listed.json["next"]}`, as });
  t.is(rest.json["next"], null);
  const [older] = rest.json["items"] as Record<string, unknown>[];
  t.like(older, { jobId: customerJob, state: "cancelled", progress: 66, etaSeconds: null });
  const cancel = (id: string) => stand.send({ method: "POST", path: `/jobs/${id}/cancel`, as, body: {} });
  t.is((await cancel(jobId)).json["state"], "cancelling");
  t.is((await cancel(customerJob)).json["state"], "cancelled");
  t.is(outcome(await cancel("nothing")), "404 NoSuchJob");
  t.is(stand.audit(customer).filter(({ action }) => action === "job.cancel").length, 1);
});

testEachFront("progress and the time left follow the counters", async (t, front) => {
  const stand = await Stand.open(t, front);
  const as = await stand.signIn(emailOf(customer, "admin"));
  const by = { accountId: customer, name: "admin", kind: "user", via: "session" } as const;
  const whole = { ...by, original: null, address: null, requestId: null };
  const { job } = await stand.ask("job.superDelete", { by: whole, bucket: name, total: 400 });
  const show = async () => (await stand.send({ method: "GET", path: `/jobs/${job.jobId}`, as })).json;
  t.like(await show(), { progress: 0, etaSeconds: null });
  stand.clock.advance(10_000);
  await stand.ask("job.progress", { jobId: job.jobId, removed: 100 });
  t.like(await show(), { removed: 100, progress: 25, etaSeconds: 30 });
  await stand.ask("job.progress", { jobId: job.jobId, removed: 401 });
  t.like(await show(), { progress: 99, etaSeconds: 0 });
  await stand.ask("job.end", { jobId: job.jobId, state: "done", removed: 400, fault: null });
  t.like(await show(), { state: "done", progress: 100, etaSeconds: null });
});

testEachFront("usage is shown of the own account and of those below, and of no other", async (t, front) => {
  const stand = await Stand.open(t, front);
  const days = "from=1970-01-01&to=1970-01-02";
  const get = async (account: string, query: string) =>
    stand.send({ method: "GET", path: `/usage?${query}`, as: await stand.signIn(emailOf(account, "root")) });
  for (const [account, wanted, expected] of [
    [customer, customer, "200"],
    [reseller, customer, "200"],
    [operator, customer, "200"],
    [direct, customer, "404 NoSuchEntity"],
    [customer, reseller, "404 NoSuchEntity"],
    [reseller, direct, "404 NoSuchEntity"],
  ] as const) {
    t.is(outcome(await get(account, `${days}&account=${wanted}`)), expected, `${account} asks for ${wanted}`);
  }
  const csv = await get(operator, `${days}&format=csv&by=account&group=day`);
  t.regex(csv.headers.get("content-type") ?? "", /^text\/csv/);
  t.regex(csv.text, /^from,to,account,bucket,.*\r\n$/);
  t.deepEqual((await get(operator, days)).json, { items: [] });
  for (const [query, pointers] of [
    ["from=1970-01-02&to=1970-01-01", ["?to"]],
    ["from=1970-02-30&to=1970-03-01", ["?from"]],
    [`from=1970-01-01&to=${1971 + Math.ceil(limits.usageDaysReadMax / 366)}-01-01`, ["?from", "?to"]],
  ] as const) {
    t.deepEqual(pointersOf(await get(customer, query)), [...pointers], query);
  }
});

testEachFront("a bucket's quota is set and shown", async (t, front) => {
  const stand = await Stand.open(t, front);
  const as = await stand.signIn(emailOf(customer, "admin"));
  const at = `/buckets/${name}`;
  const before = await stand.send({ method: "GET", path: at, as });
  t.deepEqual(before.json["quota"], { bytes: null, objects: null });
  const quota = { bytes: 1000, objects: 5 };
  const changed = await stand.send({ method: "PATCH", path: at, as, body: { quota } });
  t.deepEqual(changed.json["quota"], quota);
  t.deepEqual((await stand.send({ method: "GET", path: at, as })).json["quota"], quota);
  t.like(stand.audit(customer).at(-1), { action: "UpdateBucket", outcome: "done", target: `bucket/${name}` });
  await stand.ask("bucket.markDeleting", { name, jobId: null });
  t.is(outcome(await stand.send({ method: "PATCH", path: at, as, body: { quota } })), "409 OperationAborted");
});
