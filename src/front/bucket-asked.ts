/** What a bucket is asked to be, known from the body of CreateBucket alone: policies judge its place and its tags. */

import type { Headers } from "../model/http.ts";
import { decodeInput } from "../model/http-binding.ts";
import type { Operation } from "../operations/context.ts";

interface Parts {
  readonly bucket: string | null;
  readonly key: string | null;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

export interface BucketAsked {
  /** `s3:LocationConstraint`. Null: the default, and then policies see no such key, as at AWS. */
  readonly location: string | null;
  /** `aws:RequestTag` and `aws:TagKeys`, as they were sent; empty: none. */
  readonly tags: readonly (readonly [key: string, value: string])[];
}

/** @throws S3Error MalformedXML and those of other members */
export function bucketAsked(operation: Operation, parts: Parts): BucketAsked {
  const input: unknown = decodeInput(operation, parts);
  const configuration = member(input, "CreateBucketConfiguration");
  const constraint = member(configuration, "LocationConstraint");
  const tags = member(configuration, "Tags");
  return {
    location: typeof constraint === "string" && constraint !== "" ? constraint : null,
    tags: Array.isArray(tags) ? tags.map((tag) => [text(member(tag, "Key")), text(member(tag, "Value"))]) : [],
  };
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
