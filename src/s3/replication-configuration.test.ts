import test from "ava";
import { limits } from "../base/limits.ts";
import { S3Error } from "./errors.ts";
import {
  checkReplication,
  type Replication,
  type ReplicationDestination,
  type ReplicationFilter,
  type ReplicationRule,
} from "./replication-configuration.ts";

const role = "arn:aws:iam::111122223333:role/replication";
const destination = (members: Partial<ReplicationDestination> = {}): ReplicationDestination => ({
  bucketArn: "arn:aws:s3:::copies",
  accountId: null,
  storageClass: null,
  givesOwnership: false,
  replicaKmsKeyId: null,
  time: null,
  metrics: null,
  ...members,
});
const filter = (members: Partial<ReplicationFilter> = {}): ReplicationFilter => ({
  form: "empty",
  prefix: null,
  tags: [],
  ...members,
});
/** In the present form. */
const rule = (members: Partial<ReplicationRule> = {}): ReplicationRule => ({
  id: null,
  status: "Enabled",
  prefix: null,
  filter: filter(),
  priority: 1,
  deleteMarkers: "Disabled",
  existingObjects: null,
  replicaModifications: null,
  kmsObjects: null,
  destination: destination(),
  ...members,
});
/** In the earlier form. */
const early = (prefix: string, members: Partial<ReplicationRule> = {}): ReplicationRule =>
  rule({ prefix, filter: null, priority: null, deleteMarkers: null, ...members });
const tag = (key: string, value = "v") => ({ key, value });

const codeOf = (replication: Replication): string => {
  try {
    checkReplication(replication);
    return "taken";
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
};

test("what rules may say", (t) => {
  const and = (prefix: string | null, ...tags: ReplicationFilter["tags"]) => filter({ form: "and", prefix, tags });
  const to = (members: Partial<ReplicationDestination>) => rule({ destination: destination(members) });
  const on = { status: "Enabled", minutes: 15 } as const;
  for (const [expected, rules] of [
    ["taken", [rule()]],
    ["taken", [rule({ filter: filter({ form: "prefix", prefix: "" }), deleteMarkers: "Enabled" })]],
    ["taken", [rule({ filter: and("a/", tag("k")) }), rule({ priority: 2 })]],
    ["taken", [early("a"), early("b")]],
    ["taken", [to({ time: on, metrics: on, accountId: "111122223333", givesOwnership: true })]],
    ["taken", [rule({ kmsObjects: "Enabled", destination: destination({ replicaKmsKeyId: "key" }) })]],
    ["MalformedXML", []],
    ["MalformedXML", [rule({ filter: null, priority: null, deleteMarkers: null })]],
    ["MalformedXML", [rule({ filter: and("a/") })]],
    ["MalformedXML", [rule({ filter: and(null, tag("k")) })]],
    ["InvalidRequest", Array.from({ length: limits.replicationRulesMax + 1 }, (_, priority) => rule({ priority }))],
    ["InvalidRequest", [rule({ prefix: "a" })]],
    ["InvalidRequest", [rule({ priority: null })]],
    ["InvalidRequest", [rule({ priority: -1 })]],
    ["InvalidRequest", [rule(), rule()]],
    ["InvalidRequest", [rule({ deleteMarkers: null })]],
    ["InvalidRequest", [rule({ filter: filter({ form: "tag", tags: [tag("k")] }), deleteMarkers: "Enabled" })]],
    ["InvalidRequest", [rule({ filter: and(null, tag("k"), tag("k")) })]],
    ["InvalidTag", [rule({ filter: filter({ form: "tag", tags: [tag("")] }) })]],
    ["InvalidRequest", [rule({ filter: filter({ form: "prefix", prefix: "p".repeat(1025) }) })]],
    ["InvalidRequest", [rule(), early("a")]],
    ["InvalidRequest", [early("a", { priority: 1 })]],
    ["InvalidRequest", [early("a", { deleteMarkers: "Enabled" })]],
    ["InvalidRequest", [early("a", { existingObjects: "Enabled" })]],
    ["InvalidRequest", [early("a"), early("b"), early("ab")]],
    ["InvalidRequest", [early("a"), early("b", { destination: destination({ bucketArn: "arn:aws:s3:::other" }) })]],
    ["InvalidRequest", [to({ givesOwnership: true })]],
    ["InvalidRequest", [to({ time: on })]],
    ["InvalidRequest", [to({ time: { ...on, minutes: 30 }, metrics: on })]],
    ["InvalidRequest", [to({ replicaKmsKeyId: "key" })]],
    ["InvalidRequest", [rule({ kmsObjects: "Enabled" })]],
    ["InvalidArgument", [to({ bucketArn: "copies" })]],
    ["InvalidArgument", [to({ accountId: "me" })]],
    ["InvalidArgument", [rule({ id: "a" }), rule({ id: "a", priority: 2 })]],
    ["InvalidArgument", [rule({ id: "i".repeat(limits.ruleIdCharsMax + 1) })]],
  ] as const) {
    t.is(codeOf({ role, rules }), expected, JSON.stringify(rules).slice(0, 300));
  }
  for (const bad of ["", "replication", "arn:aws:iam::1:role/x", "arn:aws:iam::111122223333:user/x"]) {
    t.is(codeOf({ role: bad, rules: [rule()] }), "InvalidArgument", bad);
  }
});
