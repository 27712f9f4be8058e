/** Commands on sub-resources, attributes of versions and other requesters; `feature-requests.ts` turns them into requests. */

import fc from "fast-check";
import { tagSets } from "./canned.ts";
import { subresources } from "./state.ts";
import { lockDocuments, retentions } from "./subresources.ts";
import { algorithms, formFaults, judgedOperations } from "./vocabulary.ts";

/** One time in `oneIn`. */
const sometimes = <T>(arbitrary: fc.Arbitrary<T>, oneIn: number): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant<T | null>(null) }, { weight: 1, arbitrary });

const key = fc.nat(3);
const version = fc.oneof(
  { weight: 6, arbitrary: fc.constant<string | null>(null) },
  { weight: 5, arbitrary: fc.constantFrom<(string | null)[]>("first", "second", "third", "null") },
  { weight: 1, arbitrary: fc.constantFrom<(string | null)[]>("gone", "garbage") },
);

export const attributeChoices = {
  lock: ["GOVERNANCE 2040", "COMPLIANCE 2040", "ON", "OFF", "past", "mode only"],
  acl: ["private", "public-read", "authenticated-read", "bucket-owner-full-control", "bucket-owner-read"],
  encryption: ["SSE-S3", "SSE-KMS", "bucket key", "SSE-C a", "SSE-C b"],
} as const;

const attributesWith = (encryptedOneIn: number, ...more: (typeof attributeChoices.encryption)[number][]) =>
  fc.record({
    lock: sometimes(fc.constantFrom(...attributeChoices.lock), 6),
    acl: sometimes(fc.constantFrom(...attributeChoices.acl), 10),
    encryption: sometimes(fc.constantFrom(...attributeChoices.encryption, ...more), encryptedOneIn),
  });

/** What a write says beside metadata. */
export const attributes = attributesWith(4, "SSE-S3");
export const uploadAttributes = attributesWith(2, "SSE-S3");
export type AttributesChoice = typeof attributes extends fc.Arbitrary<infer A> ? A : never;

export const featureArbitraries = {
  Tagging: fc.record({
    kind: fc.constant("Tagging" as const),
    operation: fc.constantFrom("PutObjectTagging", "GetObjectTagging", "DeleteObjectTagging"),
    key,
    version,
    choice: fc.constantFrom(...Object.keys(tagSets), "one", "two"),
  }),
  Locking: fc.record({
    kind: fc.constant("Locking" as const),
    operation: fc.constantFrom("PutObjectRetention", "GetObjectRetention", "PutObjectLegalHold", "GetObjectLegalHold"),
    key,
    version,
    choice: fc.constantFrom(...Object.keys(retentions)),
    isHeld: fc.boolean(),
    bypasses: fc.boolean(),
  }),
  BucketLock: fc.record({
    kind: fc.constant("BucketLock" as const),
    operation: fc.constantFrom("PutObjectLockConfiguration", "GetObjectLockConfiguration"),
    choice: fc.constantFrom(...Object.keys(lockDocuments), "plain", "plain"),
    /** A bucket that has no object lock gets it only so often. */
    isBold: sometimes(fc.constant(true), 6),
  }),
  ObjectAcl: fc.record({
    kind: fc.constant("ObjectAcl" as const),
    operation: fc.constantFrom("PutObjectAcl", "PutObjectAcl", "GetObjectAcl"),
    key,
    version,
    acl: fc.constantFrom(...attributeChoices.acl),
  }),
  Setting: fc.record({
    kind: fc.constant("Setting" as const),
    name: fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom(...subresources) },
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          "policy",
          "publicAccessBlock",
          "ownershipControls",
          "acl",
          "cors",
          "logging",
          "notification",
          "replication",
        ),
      },
    ) as fc.Arbitrary<(typeof subresources)[number]>,
    verb: fc.constantFrom("put", "put", "get", "remove"),
    choice: fc.nat(11),
  }),
  PolicyStatus: fc.record({ kind: fc.constant("PolicyStatus" as const) }),
  Visit: fc.record({
    kind: fc.constant("Visit" as const),
    who: fc.constantFrom("stranger" as const, "anonymous" as const, "limited" as const),
    operation: fc.constantFrom(...judgedOperations, "GetObject" as const, "PutObject" as const),
    key,
    /** Of writes. */
    acl: fc.constantFrom(null, ...attributeChoices.acl),
  }),
  /** Takes from the retention of a version in governance mode, or removes it. */
  Loosen: fc.record({
    kind: fc.constant("Loosen" as const),
    who: fc.constantFrom("owner" as const, "limited" as const),
    nth: fc.nat(7),
    choice: fc.constantFrom("nothing", "GOVERNANCE 2040", "COMPLIANCE 2040", "removal", "removal", "removal"),
    bypasses: fc.boolean(),
  }),
  /** A copy of a version that is locked or has an ACL, which says nothing of either. */
  CopyAttributed: fc.record({ kind: fc.constant("CopyAttributed" as const), nth: fc.nat(7), key }),
  /** Something with an object of another owner, which is written when there is none. */
  Foreign: fc.record({
    kind: fc.constant("Foreign" as const),
    writer: fc.constantFrom("stranger" as const, "anonymous" as const),
    key,
    acl: fc.constantFrom(null, ...attributeChoices.acl, "bucket-owner-full-control" as const),
    /** Opens the bucket to writers where it is closed. */
    isBold: sometimes(fc.constant(true), 3),
    nth: fc.nat(7),
    who: fc.constantFrom("owner" as const, "limited" as const, "stranger" as const, "anonymous" as const),
    what: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom("GetObject", "GetObjectAcl", "PutObjectAcl", "CopyObject") },
      { weight: 1, arbitrary: fc.constantFrom("no reads", "no deletes") },
    ) as fc.Arbitrary<"GetObject" | "GetObjectAcl" | "PutObjectAcl" | "CopyObject" | "no reads" | "no deletes">,
  }),
  PostObject: fc.record({
    kind: fc.constant("PostObject" as const),
    who: fc.constantFrom("owner" as const, "owner" as const, "limited" as const, "anonymous" as const),
    key,
    fill: fc.nat(3),
    metadata: fc.constantFrom("plain", "plain", "typed", "user", "tagged", "class"),
    attributes,
    algorithm: sometimes(fc.constantFrom(...algorithms), 2),
    isWrong: sometimes(fc.constant(true), 8),
    hasFilename: fc.boolean(),
    answer: fc.constantFrom("", "200", "201", "204", "999", "redirect"),
    fault: sometimes(fc.constantFrom(...formFaults), 3),
  }),
  Preflight: fc.record({
    kind: fc.constant("Preflight" as const),
    origin: fc.constantFrom("https://a.example", "https://b.example", "https://a.example.org"),
    method: fc.constantFrom("GET", "PUT", "DELETE"),
    headers: fc.constantFrom("", "", "x-amz-date", "x-amz-date,content-type"),
  }),
  /** What follows is sent by a script of this origin. */
  Browse: fc.record({
    kind: fc.constant("Browse" as const),
    origin: fc.constantFrom(null, "https://a.example", "https://b.example"),
  }),
  KeyedRead: fc.record({
    kind: fc.constant("KeyedRead" as const),
    operation: fc.constantFrom("GetObject" as const, "HeadObject" as const),
    key,
    version,
    fit: fc.constantFrom("right key", "wrong key", "no key"),
  }),
};

export const featureWeights: Readonly<Record<keyof typeof featureArbitraries, number>> = {
  Tagging: 90,
  Locking: 160,
  BucketLock: 25,
  ObjectAcl: 40,
  Setting: 200,
  PolicyStatus: 15,
  Visit: 130,
  Loosen: 75,
  CopyAttributed: 35,
  Foreign: 90,
  PostObject: 60,
  Preflight: 50,
  Browse: 40,
  KeyedRead: 60,
};

type CommandOf<T> = T extends fc.Arbitrary<infer C> ? C : never;
export type FeatureCommand = CommandOf<(typeof featureArbitraries)[keyof typeof featureArbitraries]>;
export const featureKinds = Object.keys(featureArbitraries) as (keyof typeof featureArbitraries)[];
