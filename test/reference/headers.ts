/** Metadata and digests between request headers and stored objects. */

import { checksum, md5 } from "./digests.ts";
import { type Checksum, type Metadata, Refusal, type Request, type Tag } from "./state.ts";
import { type Algorithm, algorithms } from "./vocabulary.ts";

const storedHeaders = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "expires",
];
const neverCopied = ["x-amz-storage-class", "x-amz-website-redirect-location"];
const storageClasses = [
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER",
  "DEEP_ARCHIVE",
  "GLACIER_IR",
];
const metadataBytesMax = 2048;
const tagsMax = 10;

export const checksumHeader = (algorithm: Algorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`;

export const quoted = (etag: string): string => `"${etag}"`;

/** @throws Refusal InvalidTag, InvalidArgument, and as `metadataHeaders` */
export function metadataOf(request: Request): Metadata {
  const headers = metadataHeaders(request);
  return { headers, tags: tagsOf(request.headers["x-amz-tagging"]) };
}

/** @throws Refusal MetadataTooLarge, InvalidStorageClass */
export function metadataHeaders({ headers }: Request): Metadata["headers"] {
  const kept: Record<string, string> = {};
  let metadataBytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (storedHeaders.includes(name) || name === "x-amz-website-redirect-location") kept[name] = value;
    if (name.startsWith("x-amz-meta-")) {
      kept[name] = value;
      metadataBytes += Buffer.byteLength(name.slice("x-amz-meta-".length)) + Buffer.byteLength(value);
    }
  }
  if (metadataBytes > metadataBytesMax) throw new Refusal("MetadataTooLarge");
  const storageClass = headers["x-amz-storage-class"];
  if (storageClass !== undefined && !storageClasses.includes(storageClass)) throw new Refusal("InvalidStorageClass");
  if (storageClass !== undefined && storageClass !== "STANDARD") kept["x-amz-storage-class"] = storageClass;
  if (kept["content-encoding"] === "aws-chunked") delete kept["content-encoding"];
  return { "content-type": "binary/octet-stream", ...kept };
}

function tagsOf(tagging: string | undefined): readonly Tag[] {
  if (tagging === undefined || tagging === "") return [];
  const tags = [...new URLSearchParams(tagging)];
  if (new Set(tags.map(([key]) => key)).size !== tags.length) throw new Refusal("InvalidArgument");
  if (tags.length > tagsMax || tags.some(([key, value]) => key === "" || key.length > 128 || value.length > 256)) {
    throw new Refusal("InvalidTag");
  }
  return tags;
}

/** COPY takes the source's metadata and tags, REPLACE the request's; class and redirect are always the request's. */
export function copiedMetadata(request: Request, source: Metadata): Metadata {
  const own = metadataOf(request);
  const isReplaced = request.headers["x-amz-metadata-directive"] === "REPLACE";
  const pick = (headers: Metadata["headers"], isWanted: boolean): Record<string, string> =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => neverCopied.includes(name) === isWanted));
  return {
    headers: isReplaced ? own.headers : { ...pick(source.headers, false), ...pick(own.headers, true) },
    tags: request.headers["x-amz-tagging-directive"] === "REPLACE" ? own.tags : source.tags,
  };
}

type PlainChecksum = Pick<Checksum, "algorithm" | "value">;

/**
 * Verifies what a body was sent with. @returns its checksum, or null when none was sent
 * @throws Refusal InvalidRequest, InvalidDigest, BadDigest
 */
export function verifyBody({ headers, body }: Request): PlainChecksum | null {
  const sent = algorithms.filter((algorithm) => headers[checksumHeader(algorithm)] !== undefined);
  const [algorithm] = sent;
  if (sent.length > 1) throw new Refusal("InvalidRequest");
  const value = algorithm === undefined ? undefined : headers[checksumHeader(algorithm)];
  if (algorithm !== undefined && value?.length !== checksum(algorithm, Buffer.alloc(0)).length) {
    throw new Refusal("InvalidRequest");
  }
  const contentMd5 = headers["content-md5"];
  if (contentMd5 !== undefined) {
    const digest = Buffer.from(contentMd5, "base64");
    if (digest.length !== 16) throw new Refusal("InvalidDigest");
    if (digest.toString("hex") !== md5(body)) throw new Refusal("BadDigest");
  }
  if (algorithm === undefined || value === undefined) return null;
  if (value !== checksum(algorithm, body)) throw new Refusal("BadDigest");
  return { algorithm, value };
}

/** As headers of an answer. */
export const checksumHeaders = (found: PlainChecksum | null): Record<string, string> =>
  found === null ? {} : { [checksumHeader(found.algorithm)]: found.value };

export const typedChecksumHeaders = (found: Checksum | null): Record<string, string> =>
  found === null ? {} : { ...checksumHeaders(found), "x-amz-checksum-type": found.type };

/** As elements of an answer. */
export const checksumElements = (found: PlainChecksum | null): Record<string, string> =>
  found === null ? {} : { [`Checksum${found.algorithm}`]: found.value };

export const typedChecksumElements = (found: Checksum | null): Record<string, string> =>
  found === null ? {} : { ...checksumElements(found), ChecksumType: found.type };
