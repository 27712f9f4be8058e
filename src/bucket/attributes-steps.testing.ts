/** What attributes.prop.test.ts does to a bucket, and with which attributes. */

import fc from "fast-check";
import type { AccessControlList } from "../s3/acl.ts";
import type { ObjectLock, Retention } from "../s3/object-lock.ts";
import { MiB } from "./bucket-stand.testing.ts";

export const keys = ["a", "a/b"] as const;
export type Key = (typeof keys)[number];
export const hourMs = 3_600_000;

export type Lasting = "short" | "long";
/** By hours from now, so that histories meet locks that run out. */
interface Locking {
  readonly mode: Retention["mode"] | null;
  readonly hours: number;
  readonly hold: boolean | null;
}

interface Attributes {
  readonly tagging: number | null;
  readonly acl: number | null;
  readonly locking: Locking | null;
}

export type Step =
  | {
      readonly do: "put" | "upload";
      readonly key: Key;
      readonly bodyBytes: number;
      readonly given: Attributes;
    }
  | {
      readonly do: "change";
      readonly key: Key;
      readonly version: number | "newest";
      readonly what: "tagging" | "acl" | "retention" | "hold" | "untag" | "unretain" | "release";
      readonly given: {
        readonly tagging: number;
        readonly acl: number;
        readonly mode: Retention["mode"];
        readonly hours: number;
      };
      readonly bypass: boolean;
    }
  | {
      readonly do: "delete" | "deleteMany";
      readonly key: Key;
      readonly version: number | "newest";
      readonly bypass: boolean;
    }
  | { readonly do: "versioning"; readonly to: "Enabled" | "Suspended" }
  | { readonly do: "lock"; readonly lasting: Lasting | null }
  | { readonly do: "wait"; readonly hours: number }
  | { readonly do: "crash" };

const key = fc.constantFrom(...keys);
const version = fc.oneof(fc.constant("newest" as const), fc.nat(3), fc.nat(1));
/** Bytes of tag values and numbers of grants: some fit a record, some do not, some only beside a short body. */
const taggingChars = fc.constantFrom(1, 20, 300, 2000, 9000, 30_000);
const grants = fc.constantFrom(0, 1, 3, 60);
const mode = fc.constantFrom("GOVERNANCE" as const, "COMPLIANCE" as const);
const hours = fc.integer({ min: 1, max: 6 });
const locking: fc.Arbitrary<Locking> = fc.record({
  mode: fc.option(mode),
  hours,
  hold: fc.option(fc.boolean()),
});
const attributes: fc.Arbitrary<Attributes> = fc.record({
  tagging: fc.option(taggingChars),
  acl: fc.option(grants),
  locking: fc.option(locking, { freq: 1 }),
});
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("put" as const, "put" as const, "upload" as const),
      key,
      bodyBytes: fc.constantFrom(0, 5, 5000, 7900, 8000, 4 * MiB),
      given: attributes,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("change" as const),
      key,
      version,
      what: fc.constantFrom(
        "tagging",
        "tagging",
        "acl",
        "retention",
        "retention",
        "hold",
        "untag",
        "unretain",
        "release",
      ),
      given: fc.record({ tagging: taggingChars, acl: grants, mode, hours }),
      bypass: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("delete" as const, "deleteMany" as const),
      key,
      version,
      bypass: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("versioning" as const),
      to: fc.constantFrom("Enabled" as const, "Enabled" as const, "Suspended" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("lock" as const),
      lasting: fc.option(fc.constantFrom("short" as const, "long" as const)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), hours }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const) }) },
);

export function taggingOf(chars: number): string {
  return `k=${"v".repeat(chars)}`;
}

export function aclOf(count: number): AccessControlList {
  return {
    ownerId: "f".repeat(64),
    grants: Array.from({ length: count }, (_, index) => ({
      grantee:
        index === 0 ? { kind: "group", uri: "AllUsers" } : { kind: "user", id: index.toString(16).padStart(64, "0") },
      permission: index % 2 === 0 ? "READ" : "FULL_CONTROL",
    })),
  };
}

export function retentionOf(mode: Retention["mode"], hours: number, nowMs: number): Retention {
  return { mode, untilMs: nowMs + hours * hourMs };
}

export function lockOf({ mode, hours, hold }: Locking, nowMs: number): ObjectLock | null {
  if (mode === null && hold === null) return null;
  return { retention: mode === null ? null : retentionOf(mode, hours, nowMs), legalHold: hold };
}
