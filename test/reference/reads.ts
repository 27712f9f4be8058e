/** GetObject, HeadObject and GetObjectAttributes. Source: their pages of the AWS API reference; RFC 9110 14. */

import { encryptionHeaders, judgeKey, lockHeaders } from "./attributes.ts";
import { failedReadCondition } from "./conditions.ts";
import { checksumElements, checksumHeaders, quoted, typedChecksumElements, typedChecksumHeaders } from "./headers.ts";
import {
  type Answer,
  type Checksum,
  type Expected,
  historyOf,
  type ObjectVersion,
  Refusal,
  type Request,
  type State,
  type StoredPart,
  type Turn,
  undocumented,
  type Version,
  versionHeader,
} from "./state.ts";

/** The version that a request names. @throws Refusal NoSuchKey, NoSuchVersion, InvalidArgument */
export function findVersion(state: State, key: string, versionId: string | undefined): Version {
  if (versionId === undefined) {
    const [current] = historyOf(state, key);
    if (current === undefined) throw new Refusal("NoSuchKey");
    return current;
  }
  const version = historyOf(state, key).find(({ id }) => id === versionId);
  if (version !== undefined) return version;
  throw new Refusal(versionId === "null" || state.issuedVersions.has(versionId) ? "NoSuchVersion" : "InvalidArgument");
}

/** @throws Refusal as `findVersion`; NoSuchKey or MethodNotAllowed, by whether its id was named, for a delete marker */
export function findObject(state: State, key: string, versionId: string | undefined): ObjectVersion {
  const version = findVersion(state, key, versionId);
  if (!version.isMarker) return version;
  const headers = { ...versionHeader(state, version.id), "x-amz-delete-marker": "true" };
  if (versionId === undefined) throw new Refusal("NoSuchKey", headers);
  throw new Refusal("MethodNotAllowed", { ...headers, "last-modified": version.written });
}

interface Selection {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly isPartial: boolean;
  readonly part: StoredPart | null;
}

/** One range; anything else that is well-formed or not is ignored. @throws Refusal InvalidRange */
function selectRange(range: string, size: number, turn: Turn): Selection {
  const whole = { start: 0, end: size, isPartial: false, part: null };
  const match = /^bytes=(\d*)-(\d*)$/.exec(range);
  if (match === null || (match[1] === "" && match[2] === "")) {
    turn.reach(range.includes(",") ? "read several ranges" : "read wrong range");
    return whole;
  }
  const [first, last] = [match[1] ?? "", match[2] ?? ""];
  if (first === "") {
    turn.reach("read suffix range");
    const length = Math.min(Number(last), size);
    if (length === 0) throw new Refusal("InvalidRange");
    return { start: size - length, end: size, isPartial: true, part: null };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) {
    turn.reach("read wrong range");
    return whole;
  }
  turn.reach(last === "" ? "read open range" : "read range");
  if (start >= size) throw new Refusal("InvalidRange");
  return { start, end: last === "" ? size : Math.min(size, Number(last) + 1), isPartial: true, part: null };
}

/** Part N of an object; an object that was not uploaded in parts is its own part 1. @throws Refusal InvalidPartNumber */
function selectPart(number: number, { bytes, parts }: ObjectVersion, turn: Turn): Selection {
  turn.reach("read part");
  if (parts === null) {
    if (number !== 1) throw new Refusal("InvalidPartNumber");
    return { start: 0, end: bytes.length, isPartial: bytes.length > 0, part: null };
  }
  // Parts are counted as they stand in the object, whatever numbers they were uploaded under.
  let start = 0;
  for (const part of parts) {
    if (part.number === number) {
      return { start, end: start + part.bytes.length, isPartial: bytes.length > 0, part };
    }
    start += part.bytes.length;
  }
  throw new Refusal("InvalidPartNumber");
}

function select({ query, headers }: Request, object: ObjectVersion, turn: Turn): Selection {
  const { partNumber } = query;
  const { range } = headers;
  if (partNumber !== undefined) {
    if (range !== undefined) throw new Refusal("InvalidRequest");
    const number = Number(partNumber);
    if (!Number.isInteger(number) || number < 1 || number > 10_000) throw new Refusal("InvalidArgument");
    return selectPart(number, object, turn);
  }
  const ifRange = headers["if-range"];
  const isSame = ifRange === undefined || ifRange === quoted(object.etag);
  if (range !== undefined && ifRange !== undefined) turn.reach(`read if-range ${isSame ? "holds" : "fails"}`);
  if (range !== undefined && isSame) return selectRange(range, object.bytes.length, turn);
  turn.reach("read whole");
  return { start: 0, end: object.bytes.length, isPartial: false, part: null };
}

const overrides = {
  "response-cache-control": "cache-control",
  "response-content-disposition": "content-disposition",
  "response-content-encoding": "content-encoding",
  "response-content-language": "content-language",
  "response-content-type": "content-type",
  "response-expires": "expires",
};

function overridden({ query }: Request): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [word, header] of Object.entries(overrides)) if (query[word] !== undefined) found[header] = query[word];
  return found;
}

/** What RFC 9110 15.4.5 asks of a 304; S3 says nothing of the version id. */
function notModifiedHeaders({ etag, written, metadata, ...object }: ObjectVersion): Record<string, Expected> {
  const cached = Object.entries(metadata.headers).filter(([name]) => name === "expires" || name === "cache-control");
  return {
    etag: quoted(etag),
    "last-modified": written,
    "x-amz-version-id": undocumented,
    ...Object.fromEntries(
      [...cached.map(([name]) => name), ...Object.keys(encryptionHeaders(object.encryption))].map((name) => [
        name,
        undocumented,
      ]),
    ),
  };
}

/** For those who may read tags, retention and legal hold: no policy of the suite lets others. */
const extraHeaders = (object: ObjectVersion): Record<string, Expected> => ({
  ...(object.metadata.tags.length === 0 ? {} : { "x-amz-tagging-count": String(object.metadata.tags.length) }),
  ...lockHeaders(object),
});

/** GetObject; HeadObject is the same without the body. */
export function read(state: State, request: Request, turn: Turn): Answer {
  const object = findObject(state, request.key, request.query["versionId"]);
  judgeKey(object, request, turn);
  const failed = failedReadCondition(request.headers, object, "read", turn);
  if (failed === "if-match" || failed === "if-unmodified-since") throw new Refusal("PreconditionFailed");
  if (failed !== null) throw new Refusal("NotModified", notModifiedHeaders(object));
  const { start, end, isPartial, part } = select(request, object, turn);
  const size = object.bytes.length;
  const { metadata, checksum, parts } = object;
  const isOnePart = request.query["partNumber"] !== undefined && parts !== null;
  const showsChecksum =
    request.headers["x-amz-checksum-mode"] === "ENABLED" && (!isPartial || request.query["partNumber"] !== undefined);
  const isOwner = request.who === undefined || request.who === "owner";
  const headers: Record<string, Expected> = {
    ...metadata.headers,
    ...overridden(request),
    "accept-ranges": "bytes",
    "content-length": String(end - start),
    etag: quoted(object.etag),
    "last-modified": object.written,
    ...versionHeader(state, object.id),
    ...(isOwner ? extraHeaders(object) : {}),
    ...encryptionHeaders(object.encryption),
    ...(isPartial ? { "content-range": `bytes ${start}-${end - 1}/${size}` } : {}),
    ...(isOnePart ? { "x-amz-mp-parts-count": String(parts.length) } : {}),
    ...(showsChecksum ? (isOnePart ? checksumHeaders(part?.checksum ?? null) : typedChecksumHeaders(checksum)) : {}),
  };
  return {
    status: isPartial ? 206 : 200,
    code: null,
    headers,
    body: request.operation === "HeadObject" ? null : object.bytes.subarray(start, end),
  };
}

/** @throws Refusal InvalidArgument, and as `findObject` */
export function attributes(state: State, request: Request, turn: Turn): Answer {
  const asked = (request.headers["x-amz-object-attributes"] ?? "").split(",");
  const known = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
  if (asked.some((name) => !known.includes(name))) throw new Refusal("InvalidArgument");
  const object = findObject(state, request.key, request.query["versionId"]);
  judgeKey(object, request, turn);
  const { checksum } = object;
  if (checksum !== null) turn.reach(`checksum ${checksum.algorithm} ${checksum.type}`);
  const found: Record<string, Expected> = {};
  if (asked.includes("ETag")) found["ETag"] = object.etag;
  if (asked.includes("Checksum") && checksum !== null) found["Checksum"] = attributed(checksum);
  if (asked.includes("ObjectParts") && object.parts !== null)
    found["ObjectParts"] = partsOf(request, object, object.parts);
  if (asked.includes("StorageClass"))
    found["StorageClass"] = object.metadata.headers["x-amz-storage-class"] ?? "STANDARD";
  if (asked.includes("ObjectSize")) found["ObjectSize"] = String(object.bytes.length);
  return {
    status: 200,
    code: null,
    headers: { "last-modified": object.written, ...versionHeader(state, object.id) },
    body: { GetObjectAttributesResponse: found },
  };
}

/** Here alone a composite checksum stands without the number of parts. */
const attributed = (checksum: Checksum): Expected =>
  typedChecksumElements({ ...checksum, value: checksum.value.replace(/-\d+$/, "") });

/** Parts are listed one by one only where the object's checksum is made of theirs. */
function partsOf({ headers }: Request, { checksum }: ObjectVersion, parts: readonly StoredPart[]): Expected {
  if (checksum?.type !== "COMPOSITE") return { PartsCount: String(parts.length) };
  const max = Math.min(Number(headers["x-amz-max-parts"] ?? 1000), 1000);
  const marker = Number(headers["x-amz-part-number-marker"] ?? 0);
  const following = parts.filter(({ number }) => number > marker);
  const page = following.slice(0, max);
  return {
    PartsCount: String(parts.length),
    PartNumberMarker: String(marker),
    NextPartNumberMarker: String(page.at(-1)?.number ?? marker),
    MaxParts: String(max),
    IsTruncated: String(following.length > page.length),
    Part: page.map((part) => ({
      PartNumber: String(part.number),
      Size: String(part.bytes.length),
      ...checksumElements(part.checksum),
    })),
  };
}
