/** Dead letters by the admin API: pages, sending again, dropping, and what is written down of it. */

import { testEachFront } from "#src/front/each-front.testing.ts";
import { Stand } from "./stand.ts";
import { customer, emailOf } from "./world.ts";

const path = "/buckets/customer-bucket/dead-events";
const dead = (id: string, key: string) => ({
  id,
  targets: ["hook"],
  event: {
    name: "ObjectCreated:Put" as const,
    timeMs: 1_700_000_000_000,
    bucket: "customer-bucket",
    ownerId: "owner",
    region: "us-east-1",
    key,
    sizeBytes: 1,
    etag: "e",
    versionId: null,
    seq: 1,
    principalId: "AWS:secret",
    sourceAddress: "192.0.2.1",
    requestId: "R",
    hostId: "H",
  },
});

testEachFront(
  "dead events are listed in pages, sent again and dropped",
  async (t, front) => {
    const stand = await Stand.open(t, front);
    const as = await stand.signIn(emailOf(customer, "admin"));
    stand.deadEvents = [dead("0a", "a"), dead("0b", "b"), dead("0c", "c")];
    const first = await stand.send({ method: "GET", path: `${path}?limit=2`, as });
    t.is(first.status, 200, first.text);
    t.deepEqual((first.json["items"] as object[])[0], {
      id: "0a",
      event: "s3:ObjectCreated:Put",
      key: "a",
      versionId: null,
      timeMs: 1_700_000_000_000,
      targets: ["hook"],
    });
    const rest = await stand.send({ method: "GET", path: `${path}?limit=2&after=${String(first.json["next"])}`, as });
    t.deepEqual(
      (rest.json["items"] as { key: string }[]).map(({ key }) => key),
      ["c"],
    );
    t.is(rest.json["next"], null);
    const strange = await stand.send({
      method: "GET",
      path: `${path}?after=${Buffer.from("x y").toString("base64url")}`,
      as,
    });
    t.is(strange.json["code"], "InvalidInput");
    const retried = await stand.send({ method: "POST", path: `${path}/retry`, as, body: { ids: ["0b", "ff"] } });
    t.deepEqual(retried.json, { count: 1 });
    const dropped = await stand.send({ method: "POST", path: `${path}/drop`, as, body: {} });
    t.deepEqual(dropped.json, { count: 2 });
    t.deepEqual(stand.redeemed, ["retry customer-bucket 0b", "drop customer-bucket 0a", "drop customer-bucket 0c"]);
    t.deepEqual(
      stand
        .audit(customer)
        .slice(-2)
        .map(({ action, target, detail }) => [action, target, detail["count"]]),
      [
        ["RetryDeadEvents", "bucket/customer-bucket", "1"],
        ["DropDeadEvents", "bucket/customer-bucket", "2"],
      ],
    );
    for (const body of [{ ids: [] }, { ids: ["not hex"] }, { all: true }]) {
      const refused = await stand.send({ method: "POST", path: `${path}/drop`, as, body });
      t.is(refused.json["code"], "InvalidInput", JSON.stringify(body));
    }
  },
  ["plain"],
);
