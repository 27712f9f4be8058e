/** Lifecycle documents are given back as they came. */

import test from "ava";
import { parseRules } from "../s3/lifecycle-document.ts";
import type { RuleDocument } from "../s3/lifecycle-shapes.ts";
import { ruleDocument } from "./lifecycle-rules.ts";

const dayMs = 86_400_000;
const tag = { Key: "k", Value: "v" };
const days = { Expiration: { Days: 400 } };
const documents: readonly RuleDocument[] = [
  { Status: "Enabled", Prefix: "", ...days },
  { Status: "Enabled", Prefix: "a/", ...days },
  { Status: "Enabled", Filter: {}, ...days },
  { Status: "Enabled", Filter: { Prefix: "" }, ...days },
  { Status: "Enabled", Filter: { Tag: tag }, ...days },
  { Status: "Enabled", Filter: { ObjectSizeGreaterThan: 0 }, ...days },
  { Status: "Enabled", Filter: { ObjectSizeLessThan: 1 }, ...days },
  { Status: "Enabled", Filter: { And: { Prefix: "", Tags: [tag] } }, ...days },
  { Status: "Enabled", Filter: { And: { ObjectSizeGreaterThan: 1, ObjectSizeLessThan: 3 } }, ...days },
  { Status: "Disabled", Filter: {}, Expiration: { Date: 30_000 * dayMs } },
  { Status: "Enabled", Filter: {}, Expiration: { ExpiredObjectDeleteMarker: false } },
  { Status: "Enabled", Filter: {}, NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions: 2 } },
  { Status: "Enabled", Filter: {}, NoncurrentVersionExpiration: { NoncurrentDays: 1 } },
  { Status: "Enabled", Filter: {}, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 3 } },
  { Status: "Enabled", Filter: {}, Transitions: [{ Date: 30_000 * dayMs, StorageClass: "GLACIER" }] },
  {
    Status: "Enabled",
    Filter: {},
    Transitions: [
      { Days: 30, StorageClass: "ONEZONE_IA" },
      { Days: 60, StorageClass: "GLACIER_IR" },
    ],
    NoncurrentVersionTransitions: [{ NoncurrentDays: 0, StorageClass: "GLACIER", NewerNoncurrentVersions: 1 }],
  },
];

test("every form of a rule is given back as it came", (t) => {
  const named = documents.map((document, index) => ({ ID: `rule ${index}`, ...document }));
  t.deepEqual(defined(parseRules(named).map(ruleDocument)), defined(named));
});

/** Without members that are undefined, at any depth. */
function defined(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
