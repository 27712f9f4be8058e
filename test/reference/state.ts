/** What one bucket is: plain immutable data, so that a request that may or may not have happened is two states. */

import type {
  Algorithm,
  ChecksumType,
  EncryptionKind,
  ErrorCode,
  FormFault,
  NullState,
  Operation,
  Owner,
  Point,
  Requester,
  Versioning,
} from "./vocabulary.ts";

export interface Checksum {
  readonly algorithm: Algorithm;
  readonly value: string;
  readonly type: ChecksumType;
}

/** When something was written: between these, Unix ms. */
export interface Moment {
  readonly from: number;
  readonly to: number;
}

export type Tag = readonly [key: string, value: string];

export interface Retention {
  readonly mode: "GOVERNANCE" | "COMPLIANCE";
  readonly until: Moment;
}

/** How a version is encrypted; `key` names the customer's key or that of the installation. */
export interface Encryption {
  readonly kind: EncryptionKind;
  readonly key: string;
  readonly isBucketKey: boolean;
}

/** What a version has beside its metadata. */
export interface Attributes {
  readonly retention: Retention | null;
  /** null: nobody has said. */
  readonly legalHold: boolean | null;
  /** Who wrote it, unless it became the bucket owner's. */
  readonly owner: Owner;
  /** The canned ACL. */
  readonly acl: string;
  readonly encryption: Encryption;
}

export interface Metadata {
  /** As they are answered: content-type, x-amz-meta-…, x-amz-storage-class unless STANDARD, … */
  readonly headers: Readonly<Record<string, string>>;
  /** In the order given. */
  readonly tags: readonly Tag[];
}

export interface StoredPart {
  readonly number: number;
  readonly etag: string;
  readonly bytes: Buffer;
  readonly checksum: Pick<Checksum, "algorithm" | "value"> | null;
  readonly written: Moment;
}

export interface ObjectVersion extends Attributes {
  readonly isMarker: false;
  /** Its place in the history of its key: newer versions have greater numbers. */
  readonly place: number;
  /** "null", the server's id, or "?n" while no answer has told it. */
  readonly id: string;
  readonly bytes: Buffer;
  readonly etag: string;
  readonly written: Moment;
  readonly metadata: Metadata;
  readonly checksum: Checksum | null;
  /** Of an object that was uploaded in parts. */
  readonly parts: readonly StoredPart[] | null;
}

export interface DeleteMarker {
  readonly isMarker: true;
  readonly place: number;
  readonly id: string;
  readonly written: Moment;
}

export type Version = ObjectVersion | DeleteMarker;

export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly initiated: Moment;
  readonly metadata: Metadata;
  readonly attributes: Attributes;
  readonly algorithm: Algorithm | null;
  readonly type: ChecksumType | null;
  /** In the order of their numbers. */
  readonly parts: readonly StoredPart[];
}

/** A completed upload answers a repeated Complete as the first time. */
export interface Completed {
  readonly id: string;
  readonly key: string;
  readonly parts: readonly ClaimedPart[];
  readonly answer: CompletedAnswer;
}

export interface CompletedAnswer {
  readonly headers: Answer["headers"];
  readonly result: Readonly<Record<string, Expected>> & { readonly ETag: string };
}

export const subresources = [
  "policy",
  "publicAccessBlock",
  "ownershipControls",
  "acl",
  "tagging",
  "cors",
  "encryption",
  "lifecycle",
  "website",
  "notification",
  "logging",
  "replication",
] as const;
export type Subresource = (typeof subresources)[number];

export interface State {
  readonly exists: boolean;
  readonly versioning: Versioning;
  /** Newest first; no key has an empty history. */
  readonly keys: ReadonlyMap<string, readonly Version[]>;
  /** In the order of their creation. */
  readonly uploads: readonly Upload[];
  readonly completed: readonly Completed[];
  /** Ids that were once answered. */
  readonly issued: ReadonlySet<string>;
  /** Those of versions, with the places that they name: they are well-formed for ever. */
  readonly issuedVersions: ReadonlyMap<string, number>;
  /** Object lock, which never ends; null: the bucket has none. */
  readonly lock: { readonly mode: Retention["mode"] | null; readonly days: number } | null;
  /** The document that each sub-resource holds, by its name in `documents.ts`. */
  readonly settings: ReadonlyMap<Subresource, string>;
  /** Number of the next version or upload. */
  readonly nextId: number;
}

export const newBucket = (nextId = 1): State => ({
  exists: true,
  versioning: "Off",
  keys: new Map(),
  uploads: [],
  completed: [],
  issued: new Set(),
  issuedVersions: new Map(),
  lock: null,
  settings: new Map(),
  nextId,
});

export interface Request {
  readonly operation: Operation;
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Of CompleteMultipartUpload, in the order sent. */
  readonly parts?: readonly ClaimedPart[];
  /** Of DeleteObjects. */
  readonly objects?: readonly DoomedObject[];
  readonly isQuiet?: boolean;
  /** Absent: the bucket's owner. */
  readonly who?: Requester | undefined;
  /** Of PostObject, which is otherwise written as the PutObject that it stands for. */
  readonly form?: Form;
  /** Name of the document that `body` is. */
  readonly choice?: string;
}

export interface Form {
  /** The key's end that the file's name is put in for; null: the form has the key as it is. */
  readonly filename: string | null;
  /** success_action_status, or "redirect". */
  readonly answer: string;
  readonly fault: FormFault | null;
}

export interface ClaimedPart {
  readonly number: number;
  readonly etag: string;
  readonly checksum: Pick<Checksum, "algorithm" | "value"> | null;
}

export interface DoomedObject {
  readonly key: string;
  readonly versionId?: string;
  readonly etag?: string;
}

/** What is not compared. */
export interface Anything {
  readonly mustBeThere: boolean;
}
export const anything: Anything = { mustBeThere: true };
/** AWS does not say whether it is there. */
export const undocumented: Anything = { mustBeThere: false };

/** A pseudo-element: key and version id of versions and delete markers, in the one order that they stand in. */
export const order = "(order)";

/** A text, the bytes of a body, a time between two others, anything at all, repeated elements, or an element's own. */
export type Expected =
  | string
  | Buffer
  | Moment
  | Anything
  | readonly Expected[]
  | { readonly [name: string]: Expected };

export interface Answer {
  readonly status: number;
  readonly code: ErrorCode | null;
  /** Those that matter; a header of the compared set that is not named here must be absent. */
  readonly headers: Readonly<Record<string, Expected>>;
  /** null: not compared, as of errors. */
  readonly body: Expected | null;
}

/** What a turn of the model works with. */
export interface Turn {
  readonly now: Moment;
  reach(point: Point): void;
  /** For the table of operations and their answers. */
  outcome(operation: Operation, outcome: "done" | ErrorCode): void;
}

export interface Result {
  readonly answer: Answer;
  readonly state: State;
}

/** Ends a request with an error; the state stays as it was. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, Expected>>;

  constructor(code: ErrorCode, headers: Readonly<Record<string, Expected>> = {}) {
    super(code);
    this.code = code;
    this.headers = headers;
  }
}

export const historyOf = (state: State, key: string): readonly Version[] => state.keys.get(key) ?? [];

/** The current object; null when there is none or a delete marker stands before it. */
export const currentObject = (state: State, key: string): ObjectVersion | null => {
  const [current] = historyOf(state, key);
  return current === undefined || current.isMarker ? null : current;
};

export const withHistory = (state: State, key: string, history: readonly Version[]): State => {
  const keys = new Map(state.keys);
  if (history.length === 0) keys.delete(key);
  else keys.set(key, history);
  return { ...state, keys };
};

type NewVersion = Omit<ObjectVersion, "id" | "place"> | Omit<DeleteMarker, "id" | "place">;

/**
 * A write or a simple delete: Enabled adds a version; Off and Suspended add the null version and remove the one before,
 * wherever it stood.
 */
export function addVersion(state: State, key: string, version: NewVersion): { state: State; id: string } {
  const place = state.nextId;
  const id = state.versioning === "Enabled" ? `?${place}` : "null";
  const older = historyOf(state, key).filter((one) => id !== "null" || one.id !== "null");
  return { state: { ...withHistory(state, key, [{ ...version, id, place }, ...older]), nextId: place + 1 }, id };
}

/** x-amz-version-id of a write: "If you enable versioning, S3 … returns this ID"; a null version is not announced. */
export const writtenHeader = ({ versioning }: State, id: string): Record<string, string> =>
  versioning === "Enabled" ? { "x-amz-version-id": id } : {};

/** x-amz-version-id of a read: none in a bucket that was never versioned. */
export const versionHeader = (state: State, id: string): Record<string, string> =>
  state.versioning === "Off" ? {} : { "x-amz-version-id": id };

export function nullStateOf(state: State, key: string): NullState {
  const history = historyOf(state, key);
  if (history.length === 0) return "no versions";
  const at = history.findIndex(({ id }) => id === "null");
  const version = history[at];
  if (version === undefined) return "no null version";
  if (version.isMarker) return at === 0 ? "null marker current" : "null marker older";
  return at === 0 ? "null current" : "null older";
}

/** The state with ids that an answer has told. */
export function rename(state: State, told: ReadonlyMap<string, string>): State {
  if (told.size === 0) return state;
  const name = (id: string): string => told.get(id) ?? id;
  const isUpload = (id: string): boolean => state.uploads.some((upload) => upload.id === id);
  const isEtag = (id: string): boolean => id.endsWith("e");
  const keys = new Map(
    [...state.keys].map(([key, history]) => [key, history.map((version) => renamedVersion(version, name))]),
  );
  return {
    ...state,
    keys,
    uploads: state.uploads.map((upload) => ({
      ...upload,
      id: name(upload.id),
      parts: upload.parts.map((part) => ({ ...part, etag: name(part.etag) })),
    })),
    completed: state.completed.map((done) => ({
      ...done,
      answer: {
        ...done.answer,
        headers: renamed(done.answer.headers, name),
        result: { ...done.answer.result, ETag: renamedEtag(done.answer.result.ETag, name) },
      },
    })),
    issued: new Set([...state.issued, ...told.values()]),
    issuedVersions: new Map([
      ...state.issuedVersions,
      ...[...told]
        .filter(([id]) => !isUpload(id) && !isEtag(id))
        .map(([id, real]): [string, number] => [real, Number(id.slice(1))]),
    ]),
  };
}

const renamedVersion = (version: Version, name: (id: string) => string): Version =>
  version.isMarker
    ? { ...version, id: name(version.id) }
    : { ...version, id: name(version.id), etag: name(version.etag) };

const renamedEtag = (etag: string, name: (id: string) => string): string => `"${name(etag.slice(1, -1))}"`;

const renamed = (headers: Answer["headers"], name: (id: string) => string): Answer["headers"] =>
  Object.fromEntries(
    Object.entries(headers).map(([key, value]) => [key, typeof value === "string" ? name(value) : value]),
  );
