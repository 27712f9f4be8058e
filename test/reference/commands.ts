/**
 * What a sequence is made of: commands that say what they mean ("the second version of key 1, if it is current"), so that
 * they stay meaningful while a sequence is shrunk. `interpret.ts` turns them into requests.
 */

import fc from "fast-check";
import {
  attributes,
  type FeatureCommand,
  featureArbitraries,
  featureWeights,
  uploadAttributes,
} from "./feature-commands.ts";
import type { BodySize } from "./inputs.ts";
import { algorithms, encryptionKinds } from "./vocabulary.ts";

const body = fc.record({
  size: fc.oneof(
    { weight: 20, arbitrary: fc.constant<BodySize>("small") },
    { weight: 12, arbitrary: fc.constantFrom<BodySize>("empty", "byte", "inlineish") },
    { weight: 3, arbitrary: fc.constantFrom<BodySize>("frames", "100 KB") },
    { weight: 1, arbitrary: fc.constantFrom<BodySize>("1 MiB+") },
  ),
  fill: fc.nat(3),
});
const partBody = fc.record({
  size: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<BodySize>("small", "byte", "frames") },
    { weight: 2, arbitrary: fc.constantFrom<BodySize>("5 MiB", "6 MiB") },
  ),
  fill: fc.nat(1),
});

const mostly = <T, R extends T>(usual: R, ...rare: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant<T>(usual) }, { weight: 1, arbitrary: fc.constantFrom<T>(...rare) });
/** One time in `oneIn`. */
const sometimes = <T>(arbitrary: fc.Arbitrary<T>, oneIn = 4): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant<T | null>(null) }, { weight: 1, arbitrary });

const key = fc.nat(3);
const nth = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(4) });
const algorithm = fc.constantFrom(...algorithms);

/** Which ETag a condition names: the current one with or without quotes, that of another version, or none that exists. */
const etag = fc.constantFrom("current", "*", "bare", "other", "wrong");
export type EtagChoice = "current" | "*" | "bare" | "other" | "wrong";
/** Which version: by its place in the key's history, one that is gone, or none that ever was. */
const version = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("first", "second", "third", "last") },
  { weight: 3, arbitrary: fc.constant("null") },
  { weight: 2, arbitrary: fc.constantFrom("gone", "garbage") },
);
const date = fc.constantFrom("same", "before", "long ago");

export const metadataChoices = [
  "plain",
  "typed",
  "user",
  "tagged",
  "class",
  "system",
  "too large",
  "bad class",
  "bad tag",
] as const;
const metadata = fc.oneof(
  { weight: 6, arbitrary: fc.constant("plain" as const) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      "typed" as const,
      "user" as const,
      "tagged" as const,
      "class" as const,
      "system" as const,
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom("too large" as const, "bad class" as const, "bad tag" as const) },
);

const digestFaults = [
  "none",
  "wrong md5",
  "malformed md5",
  "wrong checksum",
  "malformed checksum",
  "two checksums",
] as const;
const digest = fc.record({
  algorithm: sometimes(algorithm, 2),
  hasMd5: fc.boolean(),
  fault: fc.oneof(
    { weight: 12, arbitrary: fc.constant("none" as const) },
    { weight: 1, arbitrary: fc.constantFrom(...digestFaults) },
  ),
});

const writeCondition = sometimes(
  fc.oneof(
    fc.record({ ifMatch: etag }),
    fc.record({ ifNoneMatch: mostly<string, "*">("*", "etag") }),
    fc.record({ ifMatch: etag, ifNoneMatch: fc.constant("*") }),
  ),
);
const readCondition = sometimes(
  fc.record({ ifMatch: etag, ifNoneMatch: etag, ifModifiedSince: date, ifUnmodifiedSince: date }, { requiredKeys: [] }),
);

const readShape = fc.record({
  key,
  version: sometimes(version, 2),
  condition: readCondition,
  range: sometimes(
    fc.constantFrom(
      "bytes=0-0",
      "bytes=1-99",
      "bytes=100-",
      "bytes=-7",
      "bytes=-0",
      "bytes=0-99999999",
      "bytes=4999-5000",
      "bytes=65530-65540",
      "bytes=99999999-",
      "bytes=9-2",
      "bytes=0-1,5-6",
      "bytes=x",
      "lines=0-1",
    ),
    3,
  ),
  ifRange: sometimes(fc.constantFrom("current", "wrong"), 3),
  part: sometimes(fc.constantFrom(1, 2, 3, 7, 0, 10_001), 6),
  hasChecksumMode: fc.boolean(),
  overrides: sometimes(fc.constantFrom("response-content-type", "response-cache-control", "response-expires"), 8),
});

const listing = fc.record({
  what: fc.constantFrom("ListObjectsV2", "ListObjects", "ListObjectVersions", "ListMultipartUploads"),
  prefixOf: key,
  prefixLength: mostly(0, 1, 2, 3, 99),
  delimiter: fc.constantFrom("", "/", "//", "b", "a/"),
  max: fc.constantFrom(1000, 1, 2, 3, 0, 5000, -1),
  after: sometimes(fc.record({ key, length: fc.constantFrom(99, 1, 2, 3) }), 3),
  hasEncoding: fc.boolean(),
  hasOwner: fc.boolean(),
  /** Pages that are asked for at once after the first. */
  follow: fc.constantFrom(0, 0, 4),
});

const source = fc.record({
  key,
  version: sometimes(version, 3),
  bucket: fc.oneof({ weight: 19, arbitrary: fc.constant("own") }, { weight: 1, arbitrary: fc.constant("missing") }),
  condition: readCondition,
});

const doomed = fc.record({ key, version: sometimes(version, 2), etag: sometimes(etag, 5) });
const upload = fc.record({
  nth,
  fault: fc.oneof(
    { weight: 12, arbitrary: fc.constant("none") },
    { weight: 1, arbitrary: fc.constantFrom("other key", "gone", "garbage") },
  ),
});

/** Of the key that a part of an encrypted upload brings. */
const keyFault = fc.oneof(
  { weight: 10, arbitrary: fc.constant("none") },
  { weight: 1, arbitrary: fc.constantFrom("wrong key", "no key") },
);

const merged = <K extends string, T extends object>(name: K, shape: fc.Arbitrary<T>): fc.Arbitrary<{ kind: K } & T> =>
  shape.map((value) => ({ kind: name, ...value }));

export const commandArbitraries = {
  Nothing: fc.record({ kind: fc.constant("Nothing" as const) }),
  PutObject: fc.record({
    kind: fc.constant("PutObject" as const),
    key,
    body,
    metadata,
    attributes,
    digest,
    condition: writeCondition,
  }),
  GetObject: merged("GetObject", readShape),
  HeadObject: merged("HeadObject", readShape),
  GetObjectAttributes: fc.record({
    kind: fc.constant("GetObjectAttributes" as const),
    key,
    version: sometimes(version, 3),
    names: fc.constantFrom(
      "ETag,Checksum,ObjectParts,StorageClass,ObjectSize",
      "ETag",
      "ObjectParts",
      "Checksum,ObjectSize",
      "Nonsense",
    ),
    page: sometimes(fc.record({ max: fc.constantFrom(1, 2, 1000), after: fc.constantFrom(0, 1, 2) })),
  }),
  DeleteObject: fc.record({
    kind: fc.constant("DeleteObject" as const),
    key,
    version: sometimes(version, 2),
    etag: sometimes(etag, 5),
    size: sometimes(fc.constantFrom("current", "wrong"), 8),
    time: sometimes(fc.constantFrom("same", "before"), 8),
    bypasses: fc.boolean(),
  }),
  DeleteObjects: fc.record({
    kind: fc.constant("DeleteObjects" as const),
    objects: fc.array(doomed, { minLength: 1, maxLength: 4 }),
    isQuiet: fc.boolean(),
    bypasses: fc.boolean(),
  }),
  CopyObject: fc.record({
    kind: fc.constant("CopyObject" as const),
    key,
    source,
    metadata,
    attributes,
    metadataDirective: sometimes(fc.constantFrom("COPY", "REPLACE"), 2),
    taggingDirective: sometimes(fc.constantFrom("COPY", "REPLACE"), 2),
    algorithm: sometimes(algorithm),
    condition: writeCondition,
  }),
  Listing: merged("Listing", listing),
  NextPage: fc.record({ kind: fc.constant("NextPage" as const) }),
  CreateMultipartUpload: fc.record({
    kind: fc.constant("CreateMultipartUpload" as const),
    key,
    metadata,
    attributes: uploadAttributes,
    algorithm: sometimes(algorithm, 2),
    type: sometimes(fc.constantFrom("FULL_OBJECT", "COMPOSITE"), 2),
  }),
  UploadPart: fc.record({
    kind: fc.constant("UploadPart" as const),
    upload,
    number: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(1, 2, 3, 7) },
      { weight: 1, arbitrary: fc.constantFrom(10_000, 0, 10_001) },
    ),
    body: partBody,
    digest,
    keyFault,
  }),
  UploadPartCopy: fc.record({
    kind: fc.constant("UploadPartCopy" as const),
    upload,
    number: fc.constantFrom(1, 2, 3, 7),
    source,
    /** Prefers a source that is so encrypted. */
    seeks: fc.constantFrom(null, ...encryptionKinds, "SSE-S3" as const, "SSE-S3" as const),
    /** Prefers an upload that is so encrypted. */
    into: fc.constantFrom(...encryptionKinds, "SSE-C" as const),
    keyFault,
    range: sometimes(
      fc.constantFrom("bytes=0-0", "bytes=1-99", "bytes=0-5242879", "bytes=9-2", "bytes=0-99999999", "bytes=5-"),
      2,
    ),
  }),
  CompleteMultipartUpload: fc.record({
    kind: fc.constant("CompleteMultipartUpload" as const),
    upload,
    isRepeat: mostly(false, true),
    parts: fc.oneof(
      { weight: 4, arbitrary: fc.constant("all") },
      {
        weight: 3,
        arbitrary: fc.constantFrom("first", "last", "reversed", "unknown number", "wrong etag", "none", "twice"),
      },
    ),
    claim: mostly<string, "nothing">(
      "nothing",
      "size",
      "wrong size",
      "checksum",
      "wrong checksum",
      "wrong type",
      "type",
    ),
    condition: writeCondition,
    key: mostly<string, "no key">("no key", "none", "wrong key"),
  }),
  AbortMultipartUpload: fc.record({ kind: fc.constant("AbortMultipartUpload" as const), upload }),
  ListParts: fc.record({
    kind: fc.constant("ListParts" as const),
    upload,
    max: fc.constantFrom(1000, 1, 2, 0),
    after: fc.constantFrom(0, 1, 2, 9),
  }),
  PutBucketVersioning: fc.record({
    kind: fc.constant("PutBucketVersioning" as const),
    status: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom("Enabled", "Suspended") },
      { weight: 1, arbitrary: fc.constant("Off") },
    ),
  }),
  Bucket: fc.record({
    kind: fc.constant("Bucket" as const),
    operation: fc.constantFrom("HeadBucket", "GetBucketVersioning", "CreateBucket", "DeleteBucket"),
  }),
  LongKey: fc.record({
    kind: fc.constant("LongKey" as const),
    operation: fc.constantFrom("PutObject", "GetObject", "CreateMultipartUpload"),
  }),
};

type CommandOf<T> = T extends fc.Arbitrary<infer C> ? C : never;
export type Command = CommandOf<(typeof commandArbitraries)[keyof typeof commandArbitraries]> | FeatureCommand;
/** A crash in the middle of a command. */
export interface Crash {
  readonly kind: "Crash";
  readonly afterMs: number;
  readonly during: Command;
}

const weights: Readonly<Record<keyof typeof commandArbitraries, number>> = {
  Nothing: 0,
  PutObject: 200,
  GetObject: 130,
  HeadObject: 80,
  GetObjectAttributes: 30,
  DeleteObject: 110,
  DeleteObjects: 50,
  CopyObject: 80,
  Listing: 100,
  NextPage: 60,
  CreateMultipartUpload: 55,
  UploadPart: 140,
  UploadPartCopy: 100,
  CompleteMultipartUpload: 100,
  AbortMultipartUpload: 8,
  ListParts: 20,
  PutBucketVersioning: 80,
  Bucket: 20,
  LongKey: 3,
};

/** Shrinks to Nothing first. */
export const command: fc.Arbitrary<Command> = fc.oneof(
  { withCrossShrink: true },
  ...Object.entries({ ...commandArbitraries, ...featureArbitraries }).map(([name, arbitrary]) => ({
    weight: { ...weights, ...featureWeights }[name as Command["kind"]],
    arbitrary: arbitrary as fc.Arbitrary<Command>,
  })),
);

const mutating: readonly (keyof typeof commandArbitraries)[] = [
  "PutObject",
  "DeleteObject",
  "DeleteObjects",
  "CopyObject",
  "CreateMultipartUpload",
  "UploadPart",
  "UploadPartCopy",
  "CompleteMultipartUpload",
  "AbortMultipartUpload",
  "PutBucketVersioning",
];

const mutatingFeatures: readonly FeatureCommand["kind"][] = ["Tagging", "Locking", "ObjectAcl", "Setting"];

export const crash: fc.Arbitrary<Crash> = fc.record({
  kind: fc.constant("Crash" as const),
  afterMs: fc.nat(12),
  during: fc.oneof(
    ...mutating.map((name) => commandArbitraries[name] as fc.Arbitrary<Command>),
    ...mutatingFeatures.map((name) => featureArbitraries[name] as fc.Arbitrary<Command>),
  ),
});
