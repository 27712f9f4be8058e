/** PutObject, CopyObject, DeleteObject and DeleteObjects. Source: their pages of the AWS API reference. */

import { deleteActions, isAllowed, readAction } from "./access.ts";
import {
  attributesOf,
  encryptionHeaders,
  etagOf,
  judgeAcl,
  judgeDigestOfLocked,
  judgeKey,
  judgeRemoval,
} from "./attributes.ts";
import { failedReadCondition, judgeDelete, judgeDeletedObject, judgeWrite, judgeWriteSyntax } from "./conditions.ts";
import { checksum } from "./digests.ts";
import {
  copiedMetadata,
  metadataHeaders,
  metadataOf,
  quoted,
  typedChecksumElements,
  typedChecksumHeaders,
  verifyBody,
} from "./headers.ts";
import { findVersion } from "./reads.ts";
import {
  addVersion,
  type Checksum,
  currentObject,
  type Expected,
  historyOf,
  type ObjectVersion,
  Refusal,
  type Request,
  type Result,
  type State,
  type Turn,
  undocumented,
  withHistory,
  writtenHeader,
} from "./state.ts";
import { type Algorithm, algorithms, type Requester } from "./vocabulary.ts";

/** S3 gives an object that came without a checksum this one; null: none. */
export const defaultAlgorithm: Algorithm | null = null;

export function reachChecksum(found: Checksum | null, turn: Turn): void {
  if (found !== null) turn.reach(`checksum ${found.algorithm} ${found.type}`);
}

export function putObject(state: State, request: Request, turn: Turn): Result {
  const metadata = metadataOf(request);
  const attributes = attributesOf(request, state, turn);
  judgeDigestOfLocked(request, state);
  judgeWriteSyntax(request);
  const sent = verifyBody(request);
  judgeWrite(state, request, "PutObject", turn);
  const { body } = request;
  const own =
    defaultAlgorithm === null ? null : { algorithm: defaultAlgorithm, value: checksum(defaultAlgorithm, body) };
  const found = sent ?? own;
  const whole: Checksum | null = found === null ? null : { ...found, type: "FULL_OBJECT" };
  reachChecksum(whole, turn);
  const etag = etagOf(attributes.encryption.kind, body, state);
  const added = addVersion(state, request.key, {
    isMarker: false,
    bytes: body,
    etag,
    written: turn.now,
    metadata,
    checksum: whole,
    parts: null,
    ...attributes,
  });
  return {
    state: added.state,
    answer: {
      status: 200,
      code: null,
      headers: {
        etag: quoted(etag),
        ...typedChecksumHeaders(whole),
        ...writtenHeader(state, added.id),
        ...encryptionHeaders(attributes.encryption),
      },
      body: null,
    },
  };
}

export interface CopySource {
  readonly key: string;
  readonly versionId?: string;
  readonly hasBucket: boolean;
}

/** `bucket/key?versionId=id`, percent-encoded. The one other bucket that a source names does not exist. */
export function copySource({ headers }: Request): CopySource {
  const [path = "", versionId] = (headers["x-amz-copy-source"] ?? "").split("?versionId=");
  const slash = path.indexOf("/");
  const source = { key: decodeURIComponent(path.slice(slash + 1)), hasBucket: path.slice(0, slash) !== missingBucket };
  return versionId === undefined ? source : { ...source, versionId };
}

export const missingBucket = "there-is-no-such-bucket";

/** @throws Refusal NoSuchBucket, NoSuchKey, NoSuchVersion, InvalidArgument, InvalidRequest, PreconditionFailed, AccessDenied */
export function openSource(state: State, request: Request, turn: Turn): ObjectVersion {
  const { key, versionId, hasBucket } = copySource(request);
  if (!hasBucket) throw new Refusal("NoSuchBucket");
  const found = historyOf(state, key).find(({ id }) => versionId === undefined || id === versionId);
  const object = found === undefined || found.isMarker ? null : found;
  const action = readAction(versionId !== undefined);
  if (!isAllowed(state, request.who ?? "owner", action, object)) throw new Refusal("AccessDenied");
  const version = findVersion(state, key, versionId);
  if (version.isMarker) {
    const headers = {
      "x-amz-delete-marker": undocumented,
      "x-amz-version-id": undocumented,
      "last-modified": undocumented,
    };
    throw new Refusal(versionId === undefined ? "NoSuchKey" : "InvalidRequest", headers);
  }
  judgeKey(version, request, turn, "x-amz-copy-source-");
  const failed = failedReadCondition(request.headers, version, "source", turn);
  if (failed !== null) throw new Refusal("PreconditionFailed");
  return version;
}

/** x-amz-copy-source-version-id. */
export const sourceHeader = (state: State, source: ObjectVersion): Record<string, Expected> =>
  state.versioning === "Off" ? {} : { "x-amz-copy-source-version-id": source.id };

export function copyObject(state: State, request: Request, turn: Turn): Result {
  metadataHeaders(request);
  judgeWriteSyntax(request);
  judgeAcl(request.headers["x-amz-acl"], state);
  const asked = request.headers["x-amz-checksum-algorithm"];
  const algorithm = algorithms.find((name) => name === asked);
  const source = openSource(state, request, turn);
  refuseCopyToItself(request);
  const attributes = attributesOf(request, state, turn);
  const metadata = copiedMetadata(request, source.metadata);
  judgeWrite(state, request, "CopyObject", turn);
  const { bytes } = source;
  const chosen = algorithm ?? source.checksum?.algorithm ?? defaultAlgorithm;
  const found: Checksum | null =
    chosen === null ? null : { algorithm: chosen, value: checksum(chosen, bytes), type: "FULL_OBJECT" };
  reachChecksum(found, turn);
  const etag = etagOf(attributes.encryption.kind, bytes, state);
  const added = addVersion(state, request.key, {
    isMarker: false,
    bytes,
    etag,
    written: turn.now,
    metadata,
    checksum: found,
    parts: null,
    ...attributes,
  });
  return {
    state: added.state,
    answer: {
      status: 200,
      code: null,
      headers: {
        ...writtenHeader(state, added.id),
        ...sourceHeader(state, source),
        ...encryptionHeaders(attributes.encryption),
      },
      body: {
        CopyObjectResult: { ETag: quoted(etag), LastModified: turn.now, ...typedChecksumElements(found) },
      },
    },
  };
}

/** The current version onto itself must change something. @throws Refusal InvalidRequest */
function refuseCopyToItself(request: Request): void {
  const { headers, key } = request;
  const source = copySource(request);
  if (source.key !== key || source.versionId !== undefined) return;
  const changes =
    headers["x-amz-metadata-directive"] === "REPLACE" ||
    headers["x-amz-tagging-directive"] === "REPLACE" ||
    headers["x-amz-storage-class"] !== undefined ||
    headers["x-amz-website-redirect-location"] !== undefined ||
    headers["x-amz-server-side-encryption"] !== undefined ||
    headers["x-amz-server-side-encryption-customer-key"] !== undefined ||
    headers["x-amz-checksum-algorithm"] !== undefined;
  if (!changes) throw new Refusal("InvalidRequest");
}

interface Doom {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly headers: Request["headers"];
  readonly who: Requester | undefined;
}

interface Deleted {
  readonly state: State;
  /** The version removed, or the delete marker that was added. */
  readonly id: string | null;
  readonly isMarker: boolean;
}

/**
 * Without a version id: Off removes the object, Enabled adds a marker, Suspended puts a marker in place of the null
 * version. With one: that version is removed, and what is older becomes current.
 * @throws Refusal InvalidArgument, AccessDenied
 */
function deleteVersion(state: State, request: Doom, turn: Turn): Deleted {
  const { key, versionId } = request;
  if (versionId === undefined) {
    if (state.versioning === "Off") return { state: withHistory(state, key, []), id: null, isMarker: false };
    const added = addVersion(state, key, { isMarker: true, written: turn.now });
    return { ...added, isMarker: true };
  }
  const history = historyOf(state, key);
  const doomed = history.find(({ id }) => id === versionId);
  if (doomed === undefined) {
    if (versionId !== "null" && !state.issuedVersions.has(versionId)) throw new Refusal("InvalidArgument");
    return { state, id: versionId, isMarker: false };
  }
  if (!doomed.isMarker) judgeRemoval(doomed, request, turn);
  const rest = history.filter((version) => version !== doomed);
  return { state: withHistory(state, key, rest), id: versionId, isMarker: doomed.isMarker };
}

export function deleteObject(state: State, request: Request, turn: Turn): Result {
  judgeDelete(state, request.key, request.headers["if-match"], "DeleteObject if-match", turn);
  judgeDeletedObject(state, request, turn);
  const deleted = deleteVersion(
    state,
    { key: request.key, versionId: request.query["versionId"], headers: request.headers, who: request.who },
    turn,
  );
  return {
    state: deleted.state,
    answer: {
      status: 204,
      code: null,
      headers: {
        ...(deleted.id === null ? {} : { "x-amz-version-id": deleted.id }),
        ...(deleted.isMarker ? { "x-amz-delete-marker": "true" } : {}),
      },
      body: null,
    },
  };
}

const deleteObjectsMax = 1000;

/** The objects one after another, each for itself; Quiet leaves out those that succeeded. */
export function deleteObjects(state: State, { objects = [], isQuiet, headers, who }: Request, turn: Turn): Result {
  if (objects.length === 0 || objects.length > deleteObjectsMax) throw new Refusal("MalformedXML");
  const done: Expected[] = [];
  const failed: Expected[] = [];
  let now = state;
  for (const { key, versionId, etag } of objects) {
    const named = { Key: key, ...(versionId === undefined ? {} : { VersionId: versionId }) };
    try {
      if (key === "") throw new Refusal("InvalidArgument");
      // Who may do what is judged before anything of the list happens.
      const object = currentObject(state, key);
      const actions = deleteActions(versionId !== undefined, etag);
      if (!actions.every((action) => isAllowed(state, who ?? "owner", action, object)))
        throw new Refusal("AccessDenied");
      judgeDelete(now, key, etag, "DeleteObjects ETag", turn);
      const { state: next, id, isMarker } = deleteVersion(now, { key, versionId, headers, who }, turn);
      now = next;
      done.push({
        ...named,
        ...(isMarker && id !== null ? { DeleteMarker: "true", DeleteMarkerVersionId: id } : {}),
      });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // Of a list, a version id that S3 cannot have given is merely one that does not exist.
      const isMalformedId = versionId !== undefined && error.code === "InvalidArgument";
      failed.push({ ...named, Code: isMalformedId ? "NoSuchVersion" : error.code });
    }
  }
  return {
    state: now,
    answer: {
      status: 200,
      code: null,
      headers: {},
      body: {
        DeleteResult: {
          ...(isQuiet === true || done.length === 0 ? {} : { Deleted: done }),
          ...(failed.length === 0 ? {} : { Error: failed }),
        },
      },
    },
  };
}
