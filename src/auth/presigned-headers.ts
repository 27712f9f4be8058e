/**
 * The headers of a presigned request: those on the wire, and those that its signer put into the query ("hoisted"), as
 * SDKs do with every x-amz-* header. The query is signed, so what it says is the signer's word. Pure.
 */

import type { Headers } from "../model/http.ts";
import { checksumHeader, checksumOf } from "../s3/checksum.ts";
import { checksumAlgorithms } from "../s3/checksum-algorithms.ts";
import { S3Error } from "../s3/errors.ts";
import { decodeComponent, type QueryPair } from "./canonical-request.ts";

/** Words of the signature itself: not headers of the request. */
const signatureWords: ReadonlySet<string> = new Set([
  "x-amz-algorithm",
  "x-amz-content-sha256",
  "x-amz-credential",
  "x-amz-date",
  "x-amz-expires",
  "x-amz-signature",
  "x-amz-signedheaders",
]);

/** Plain headers that AWS's SDK for JavaScript v2 hoists beside x-amz-*. S3 passes over them; here they fill a gap. */
const plainHoisted: ReadonlySet<string> = new Set(["cache-control", "content-md5", "content-type"]);

const sdkAlgorithm = "x-amz-sdk-checksum-algorithm";
const checksumHeaders: ReadonlySet<string> = new Set(checksumAlgorithms.map(checksumHeader));

/** What SDKs hoist that presign an upload without knowing its body: the checksum of no bytes. */
const emptyChecksums: ReadonlyMap<string, string> = new Map(
  checksumAlgorithms.map((algorithm) => [checksumHeader(algorithm), checksumOf(algorithm, new Uint8Array(0))]),
);

const isHeaderName = (lower: string): boolean =>
  (lower.startsWith("x-amz-") && !signatureWords.has(lower)) || plainHoisted.has(lower);

/** True when a presigned query carries this header (lower case); for routing, before the signature is verified. */
export function hoists(query: ReadonlyMap<string, string>, name: string): boolean {
  if (!query.has("X-Amz-Signature") && !query.has("Signature")) return false;
  for (const word of query.keys()) if (word.toLowerCase() === name) return true;
  return false;
}

export interface PresignedParts {
  /** On the wire. */
  readonly headers: Headers;
  /** All words, canonical. */
  readonly query: readonly QueryPair[];
  /** Content-Length; null when the body is HTTP-chunked. */
  readonly contentLength: number | null;
}

/**
 * A header on the wire wins over the query: x-amz-* must be signed there too, and the others are the uploader's to choose,
 * as on S3. The checksum of no bytes says nothing of a body that has some
 * and is dropped; any other checksum counts as if it stood in its header.
 * @throws S3Error AuthorizationQueryParametersError when the query has one twice, InvalidArgument for control characters
 */
export function presignedHeaders({ headers, query, contentLength }: PresignedParts): Headers {
  const hoisted = new Map<string, string>();
  const seen = new Set<string>();
  for (const [word, value] of query) {
    const name = decodeComponent(word).toLowerCase();
    if (!isHeaderName(name)) continue;
    if (seen.has(name)) {
      throw new S3Error("AuthorizationQueryParametersError", { Message: `The ${name} parameter must be given once.` });
    }
    seen.add(name);
    const decoded = decodeComponent(value);
    // In a header the front would have refused it; here it is text like any other until it is answered as a header.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(decoded)) {
      throw new S3Error("InvalidArgument", {
        Message: `The ${name} parameter has control characters.`,
        ArgumentName: name,
        ArgumentValue: value,
      });
    }
    if (!headers.has(name)) hoisted.set(name, decoded);
  }
  if (hoisted.size === 0) return headers;
  dropChecksums(hoisted, headers, contentLength);
  return new LayeredHeaders(headers, hoisted);
}

function dropChecksums(hoisted: Map<string, string>, headers: Headers, contentLength: number | null): void {
  const isOnWire = [...checksumHeaders].some((name) => headers.has(name));
  for (const name of checksumHeaders) {
    const value = hoisted.get(name);
    if (value === undefined) continue;
    if (!isOnWire && (value !== emptyChecksums.get(name) || contentLength === 0)) continue;
    hoisted.delete(name);
    hoisted.delete(sdkAlgorithm);
  }
}

class LayeredHeaders implements Headers {
  readonly #wire: Headers;
  readonly #hoisted: ReadonlyMap<string, string>;

  constructor(wire: Headers, hoisted: ReadonlyMap<string, string>) {
    this.#wire = wire;
    this.#hoisted = hoisted;
  }

  get(name: string): string | undefined {
    return this.#hoisted.get(name) ?? this.#wire.get(name);
  }

  has(name: string): boolean {
    return this.#hoisted.has(name) || this.#wire.has(name);
  }

  *entries(): Iterable<readonly [name: string, value: string]> {
    yield* this.#hoisted;
    yield* this.#wire.entries();
  }
}
