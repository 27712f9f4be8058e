/** Multipart uploads. Source: CreateMultipartUpload, UploadPart, UploadPartCopy, CompleteMultipartUpload, ListParts. */

import {
  completedAttributes,
  encryptionHeaders,
  etagOf,
  hasCustomerKey,
  judgeUploadKey,
  uploadAttributesOf,
} from "./attributes.ts";
import { judgeWrite, judgeWriteSyntax } from "./conditions.ts";
import { checksum, compositeChecksum, md5, multipartEtag } from "./digests.ts";
import {
  checksumElements,
  checksumHeader,
  checksumHeaders,
  metadataOf,
  quoted,
  typedChecksumElements,
  verifyBody,
} from "./headers.ts";
import {
  type Answer,
  addVersion,
  anything,
  type Checksum,
  type CompletedAnswer,
  type Expected,
  Refusal,
  type Request,
  type Result,
  type State,
  type StoredPart,
  type Turn,
  type Upload,
  undocumented,
  writtenHeader,
} from "./state.ts";
import { type Algorithm, algorithms, type ChecksumType, checksumTypes } from "./vocabulary.ts";
import { openSource, reachChecksum, sourceHeader } from "./writes.ts";

const partNumberMax = 10_000;
const partBytesMin = 5 * 1024 * 1024;
const listMax = 1000;

/** CRC64NVME is always of the full object, hashes are composite, CRC32 and CRC32C composite unless asked otherwise. */
function checksumOf({ headers }: Request): { algorithm: Algorithm | null; type: ChecksumType | null } {
  const algorithm = algorithms.find((name) => name === headers["x-amz-checksum-algorithm"]) ?? null;
  const type = checksumTypes.find((name) => name === headers["x-amz-checksum-type"]) ?? null;
  if (algorithm === null) {
    if (type !== null) throw new Refusal("InvalidRequest");
    return { algorithm, type };
  }
  const only = algorithm === "CRC64NVME" ? "FULL_OBJECT" : algorithm.startsWith("SHA") ? "COMPOSITE" : null;
  if (only !== null && type !== null && type !== only) throw new Refusal("InvalidRequest");
  return { algorithm, type: only ?? type ?? "COMPOSITE" };
}

export function createUpload(state: State, request: Request, turn: Turn): Result {
  const metadata = metadataOf(request);
  const attributes = uploadAttributesOf(request, state, turn);
  const declared = checksumOf(request);
  const id = `?${state.nextId}`;
  const upload: Upload = { id, key: request.key, initiated: turn.now, metadata, attributes, ...declared, parts: [] };
  return {
    state: { ...state, uploads: [...state.uploads, upload], nextId: state.nextId + 1 },
    answer: {
      status: 200,
      code: null,
      headers: {
        ...(declared.algorithm === null ? {} : { "x-amz-checksum-algorithm": declared.algorithm }),
        ...(declared.type === null ? {} : { "x-amz-checksum-type": declared.type }),
        ...encryptionHeaders(attributes.encryption),
      },
      body: { InitiateMultipartUploadResult: { Bucket: anything, Key: request.key, UploadId: id } },
    },
  };
}

/** @throws Refusal NoSuchUpload */
function findUpload(state: State, { key, query }: Request): Upload {
  const upload = state.uploads.find(({ id }) => id === query["uploadId"]);
  if (upload === undefined || upload.key !== key) throw new Refusal("NoSuchUpload");
  return upload;
}

/** @throws Refusal InvalidArgument */
function partNumberOf({ query }: Request): number {
  const number = Number(query["partNumber"]);
  if (!Number.isInteger(number) || number < 1 || number > partNumberMax) throw new Refusal("InvalidArgument");
  return number;
}

function withPart(state: State, upload: Upload, part: StoredPart): State {
  const parts = [...upload.parts.filter(({ number }) => number !== part.number), part];
  parts.sort((a, b) => a.number - b.number);
  const uploads = state.uploads.map((one) => (one === upload ? { ...one, parts } : one));
  return { ...state, uploads, nextId: state.nextId + 1 };
}

/** What S3 computes for a part that came without: full-object checksums are made of the parts'. */
const partChecksum = ({ algorithm, type }: Upload, bytes: Buffer): StoredPart["checksum"] =>
  algorithm !== null && type === "FULL_OBJECT" ? { algorithm, value: checksum(algorithm, bytes) } : null;

export function uploadPart(state: State, request: Request, turn: Turn): Result {
  const number = partNumberOf(request);
  const upload = findUpload(state, request);
  judgeUploadKey(upload.attributes.encryption, request, turn);
  judgePartChecksum(upload, request);
  const sent = verifyBody(request);
  const { body: bytes } = request;
  const etag = etagOf(upload.attributes.encryption.kind, bytes, state);
  const part: StoredPart = { number, etag, bytes, checksum: sent ?? partChecksum(upload, bytes), written: turn.now };
  return {
    state: withPart(state, upload, part),
    answer: {
      status: 200,
      code: null,
      headers: {
        etag: quoted(etag),
        ...checksumHeaders(part.checksum),
        ...encryptionHeaders(upload.attributes.encryption),
      },
      body: null,
    },
  };
}

/** A part's checksum is of the upload's algorithm; only that of a full object can be left to S3. @throws Refusal InvalidRequest */
function judgePartChecksum({ algorithm, type }: Upload, { headers }: Request): void {
  if (algorithm === null) return;
  const sent = algorithms.filter((name) => headers[checksumHeader(name)] !== undefined);
  if (sent.length === 0 ? type === "COMPOSITE" : !sent.includes(algorithm)) throw new Refusal("InvalidRequest");
}

export function uploadPartCopy(state: State, request: Request, turn: Turn): Result {
  const number = partNumberOf(request);
  const upload = findUpload(state, request);
  const { encryption } = upload.attributes;
  judgeUploadKey(encryption, request, turn);
  const source = openSource(state, request, turn);
  turn.reach(`copied part into ${encryption.kind}`);
  turn.reach(`copied part from ${source.encryption.kind}`);
  const bytes = copiedRange(request.headers["x-amz-copy-source-range"], source.bytes);
  const { algorithm } = upload;
  const found = algorithm === null ? null : { algorithm, value: checksum(algorithm, bytes) };
  const etag = etagOf(encryption.kind, bytes, state);
  return {
    state: withPart(state, upload, { number, etag, bytes, checksum: found, written: turn.now }),
    answer: {
      status: 200,
      code: null,
      headers: { ...sourceHeader(state, source), ...encryptionHeaders(upload.attributes.encryption) },
      body: { CopyPartResult: { ETag: quoted(etag), LastModified: turn.now, ...checksumElements(found) } },
    },
  };
}

/** `bytes=first-last`, wholly inside the source. @throws Refusal InvalidArgument */
function copiedRange(range: string | undefined, bytes: Buffer): Buffer {
  if (range === undefined) return bytes;
  const match = /^bytes=(\d+)-(\d+)$/.exec(range);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || first > last || last >= bytes.length) throw new Refusal("InvalidArgument");
  return bytes.subarray(first, last + 1);
}

export function completeUpload(state: State, request: Request, turn: Turn): Result {
  judgeWriteSyntax(request);
  const { parts: claimed = [], key, query } = request;
  if (claimed.length === 0) throw new Refusal("MalformedXML");
  const done = state.completed.find(({ id }) => id === query["uploadId"]);
  if (done !== undefined && done.key === key) {
    turn.reach("event repeated Complete");
    // AWS says nothing of the encryption in an answer that is given again.
    const headers = Object.fromEntries(
      ["", "-aws-kms-key-id", "-bucket-key-enabled"].map((end) => [`x-amz-server-side-encryption${end}`, undocumented]),
    );
    return { state, answer: completedAnswer({ ...done.answer, headers: { ...done.answer.headers, ...headers } }) };
  }
  const upload = findUpload(state, request);
  const { encryption } = upload.attributes;
  if (hasCustomerKey(request)) judgeUploadKey(encryption, request, turn);
  judgeWrite(state, request, "CompleteMultipartUpload", turn);
  const parts = namedParts(upload, claimed);
  const bytes = Buffer.concat(parts.map((part) => part.bytes));
  const size = request.headers["x-amz-mp-object-size"];
  if (size !== undefined && Number(size) !== bytes.length) throw new Refusal("InvalidRequest");
  const found = wholeChecksum(upload, parts, bytes);
  judgeClaimedChecksum(request, found);
  reachChecksum(found, turn);
  turn.reach(`completed ${encryption.kind}`);
  const plain = parts.every((part) => part.etag === md5(part.bytes));
  const etag = plain ? multipartEtag(parts.map((part) => part.etag)) : etagOf(encryption.kind, bytes, state);
  const { metadata } = upload;
  const attributes = completedAttributes(upload.attributes, state, turn);
  const version = {
    isMarker: false as const,
    bytes,
    etag,
    written: turn.now,
    metadata,
    checksum: found,
    parts,
    ...attributes,
  };
  const added = addVersion(state, key, version);
  // A customer's key is not told of here.
  const told = encryption.kind === "SSE-C" ? {} : encryptionHeaders(encryption);
  const answer: CompletedAnswer = {
    headers: { ...writtenHeader(state, added.id), ...told },
    result: { Bucket: anything, Key: key, ETag: quoted(etag), ...typedChecksumElements(found) },
  };
  return {
    state: {
      ...added.state,
      uploads: state.uploads.filter((one) => one !== upload),
      completed: [...state.completed, { id: upload.id, key, parts: claimed, answer }],
    },
    answer: completedAnswer(answer),
  };
}

const completedAnswer = ({ headers, result }: CompletedAnswer): Answer => ({
  status: 200,
  code: null,
  headers,
  body: { CompleteMultipartUploadResult: result },
});

/** @throws Refusal InvalidPartOrder, InvalidPart, InvalidRequest, EntityTooSmall */
function namedParts(upload: Upload, claimed: NonNullable<Request["parts"]>): StoredPart[] {
  for (const [index, { number }] of claimed.entries()) {
    if (index > 0 && number <= (claimed[index - 1]?.number ?? 0)) throw new Refusal("InvalidPartOrder");
  }
  const parts = claimed.map((claim) => {
    const part = upload.parts.find(({ number }) => number === claim.number);
    const isSame =
      part !== undefined &&
      claim.etag.replaceAll('"', "") === part.etag &&
      (claim.checksum === null || part.checksum === null || claim.checksum.value === part.checksum.value);
    if (!isSame) throw new Refusal("InvalidPart");
    if (upload.type === "COMPOSITE" && claim.checksum === null) throw new Refusal("InvalidRequest");
    return part;
  });
  if (parts.slice(0, -1).some(({ bytes }) => bytes.length < partBytesMin)) throw new Refusal("EntityTooSmall");
  return parts;
}

function wholeChecksum({ algorithm, type }: Upload, parts: readonly StoredPart[], bytes: Buffer): Checksum | null {
  if (algorithm === null || type === null) return null;
  const values = parts.map((part) => part.checksum?.value ?? "");
  if (values.includes("")) return null;
  const value = type === "COMPOSITE" ? compositeChecksum(algorithm, values) : checksum(algorithm, bytes);
  return { algorithm, value, type };
}

/** The checksum of the whole that the request may name. @throws Refusal BadDigest, InvalidRequest */
function judgeClaimedChecksum({ headers }: Request, found: Checksum | null): void {
  const type = headers["x-amz-checksum-type"];
  if (type !== undefined && type !== found?.type) throw new Refusal("InvalidRequest");
  if (found === null) return;
  const claimed = headers[checksumHeader(found.algorithm)];
  if (claimed !== undefined && claimed !== found.value) throw new Refusal("BadDigest");
}

export function abortUpload(state: State, request: Request): Result {
  const upload = findUpload(state, request);
  return {
    state: { ...state, uploads: state.uploads.filter((one) => one !== upload) },
    answer: { status: 204, code: null, headers: {}, body: null },
  };
}

export function listParts(state: State, request: Request): Result {
  const { query, key } = request;
  const upload = findUpload(state, request);
  const marker = Number(query["part-number-marker"] ?? 0);
  const max = Math.min(Number(query["max-parts"] ?? listMax), listMax);
  const following = upload.parts.filter(({ number }) => number > marker);
  const page = following.slice(0, max);
  const found: Record<string, Expected> = {
    Bucket: anything,
    Key: key,
    UploadId: upload.id,
    PartNumberMarker: String(marker),
    NextPartNumberMarker: String(page.at(-1)?.number ?? marker),
    MaxParts: String(max),
    IsTruncated: String(max > 0 && following.length > page.length),
    Initiator: anything,
    Owner: anything,
    StorageClass: upload.metadata.headers["x-amz-storage-class"] ?? "STANDARD",
    ...(upload.algorithm === null ? {} : { ChecksumAlgorithm: upload.algorithm }),
    ...(upload.type === null ? {} : { ChecksumType: upload.type }),
    ...(page.length === 0 ? {} : { Part: page.map(listedPart) }),
  };
  return { state, answer: { status: 200, code: null, headers: {}, body: { ListPartsResult: found } } };
}

const listedPart = ({ number, etag, bytes, checksum: found, written }: StoredPart): Expected => ({
  PartNumber: String(number),
  LastModified: written,
  ETag: quoted(etag),
  Size: String(bytes.length),
  ...checksumElements(found),
});
