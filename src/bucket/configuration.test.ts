import test from "ava";
import { limits } from "../base/limits.ts";
import { asS3Error } from "../s3/errors.ts";
import { fixtureBucket } from "../storage/partition-fixture.ts";
import { type BucketConfiguration, isConfigured, withField } from "./configuration.ts";
import { ConfigurationReader } from "./configuration-reader.ts";
import { openPartition } from "./partition-stand.testing.ts";

const address = { bucket: fixtureBucket, partition: 0 };

const logging = { targetBucket: "logs", targetPrefix: "", keyFormat: "simple" } as const;

/** Of a partition whose commits mark nothing: each look is a read. */
const unmarked = { standing: null };

/** A value of many pieces. */
const long = "policy ".repeat(20_000);

test("a field is set, replaced, removed, and read by the actor and by fronts at once", async (t) => {
  const { actor, snapshot } = await openPartition(t);
  const reader = new ConfigurationReader([snapshot], [unmarked]);
  const both = async () => {
    const { value } = await actor.ask("bucket.configuration", { field: "policy" });
    t.is(reader.of(address).get("policy"), value as string | null);
    return value;
  };
  t.is(await both(), null);
  for (const value of ["{}", long, "short again", null, "and once more"]) {
    await actor.ask("bucket.configure", { field: "policy", value });
    t.is(await both(), value);
  }
  t.is(reader.of(address).get("cors"), null);
});

test("fields do not disturb each other, and outlive the actor", async (t) => {
  const partition = await openPartition(t);
  await partition.actor.ask("bucket.configure", { field: "policy", value: long });
  await partition.actor.ask("bucket.configure", { field: "logging", value: logging });
  await partition.actor.ask("bucket.configure", { field: "policy", value: null });
  await partition.actor.passivate();
  const reader = new ConfigurationReader([partition.snapshot], [unmarked]);
  t.deepEqual(reader.of(address).get("logging"), logging);
  t.is(reader.of(address).get("policy"), null);
});

test("what is derived is made once for each configuration", async (t) => {
  const { actor, snapshot } = await openPartition(t);
  const reader = new ConfigurationReader([snapshot], [unmarked]);
  const made: BucketConfiguration["policy"][] = [];
  const make = (policy: BucketConfiguration["policy"]) => {
    made.push(policy);
    return { policy };
  };
  t.is(reader.of(address).derived("policy", make), null);
  for (const value of ["one", "two"]) {
    await actor.ask("bucket.configure", { field: "policy", value });
    t.is(reader.of(address).derived("policy", make), reader.of(address).derived("policy", make));
  }
  t.deepEqual(made, ["one", "two"]);
});

test("a value past the limit is refused, and the old one stays", async (t) => {
  const { actor } = await openPartition(t);
  await actor.ask("bucket.configure", { field: "policy", value: "old" });
  const value = "x".repeat(limits.configurationBytesMax);
  const error = await t.throwsAsync(actor.ask("bucket.configure", { field: "policy", value }));
  t.is(asS3Error(error)?.code, "EntityTooLarge");
  t.deepEqual(await actor.ask("bucket.configuration", { field: "policy" }), { value: "old" });
});

test("every field has a bit of its own", (t) => {
  t.true(isConfigured(withField(0, "replication", true), "replication"));
  t.false(isConfigured(withField(0, "replication", true), "policy"));
  t.is(withField(withField(5, "acl", true), "acl", false), 5);
});
