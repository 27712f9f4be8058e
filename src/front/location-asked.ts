/** Where a bucket is asked to be: known from the body of CreateBucket alone, and judged by policies as `s3:LocationConstraint`. */

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

/** Null: the default, and then policies see no such key, as at AWS. @throws S3Error MalformedXML and those of other members */
export function locationAsked(operation: Operation, parts: Parts): string | null {
  const input: unknown = decodeInput(operation, parts);
  const constraint = member(member(input, "CreateBucketConfiguration"), "LocationConstraint");
  return typeof constraint === "string" && constraint !== "" ? constraint : null;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
