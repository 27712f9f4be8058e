/** Lifecycle rules as the documents that they were put as. */

import type { LifecycleExpiration, LifecycleFilter, LifecycleRule } from "../s3/lifecycle.ts";
import type { RuleDocument } from "../s3/lifecycle-shapes.ts";

/** The document of a rule as it was put; its id is always there. */
export const ruleDocument = (rule: LifecycleRule): RuleDocument => {
  const { filter, expiration, noncurrentExpiration, abortDays, transitions, noncurrentTransitions } = rule;
  return {
    Expiration: expiration === null ? undefined : expirationDocument(expiration),
    ID: rule.id,
    Prefix: filter.form === "rule" ? (filter.prefix ?? "") : undefined,
    Filter: filter.form === "rule" ? undefined : filterDocument(filter),
    Status: rule.isEnabled ? "Enabled" : "Disabled",
    Transitions: listed(
      transitions.map(({ days, atMs, storageClass }) => ({
        Date: atMs ?? undefined,
        Days: days ?? undefined,
        StorageClass: classOf(storageClass),
      })),
    ),
    NoncurrentVersionTransitions: listed(
      noncurrentTransitions.map(({ days, newerVersions, storageClass }) => ({
        NoncurrentDays: days,
        StorageClass: classOf(storageClass),
        NewerNoncurrentVersions: newerVersions ?? undefined,
      })),
    ),
    NoncurrentVersionExpiration:
      noncurrentExpiration === null
        ? undefined
        : {
            NoncurrentDays: noncurrentExpiration.days,
            NewerNoncurrentVersions: noncurrentExpiration.newerVersions ?? undefined,
          },
    AbortIncompleteMultipartUpload: abortDays === null ? undefined : { DaysAfterInitiation: abortDays },
  };
};

function expirationDocument(expiration: LifecycleExpiration): NonNullable<RuleDocument["Expiration"]> {
  switch (expiration.kind) {
    case "days":
      return { Days: expiration.days };
    case "date":
      return { Date: expiration.atMs };
    case "markers":
      return { ExpiredObjectDeleteMarker: expiration.isExpired };
  }
}

function filterDocument({ form, prefix, tags, sizeAbove, sizeBelow }: LifecycleFilter): RuleDocument["Filter"] {
  const listedTags = tags.map(({ key, value }) => ({ Key: key, Value: value }));
  const others = {
    Prefix: prefix ?? undefined,
    ObjectSizeGreaterThan: sizeAbove ?? undefined,
    ObjectSizeLessThan: sizeBelow ?? undefined,
  };
  return form === "and" ? { And: { ...others, Tags: listed(listedTags) } } : { ...others, Tag: listedTags[0] };
}

type StorageClass = NonNullable<NonNullable<RuleDocument["Transitions"]>[number]["StorageClass"]>;

/** Only classes of the shape are kept. */
function classOf(storageClass: string): StorageClass {
  return storageClass as StorageClass;
}

/** An empty list has no elements. */
function listed<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}
