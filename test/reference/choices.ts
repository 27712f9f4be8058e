/** The words of commands and what they mean in the present state: keys, versions, ETags, dates, bodies, digests, uploads. */

import { customerKeyHeaders } from "./attributes.ts";
import type { Command, EtagChoice, metadataChoices } from "./commands.ts";
import { checksum, md5 } from "./digests.ts";
import { checksumHeader } from "./headers.ts";
import { type BodySize, bodySizes } from "./inputs.ts";
import {
  type ClaimedPart,
  currentObject,
  historyOf,
  type ObjectVersion,
  type Request,
  type State,
  type Upload,
} from "./state.ts";
import { algorithms, type EncryptionKind } from "./vocabulary.ts";
import { missingBucket } from "./writes.ts";

/** What a command is interpreted in. */
export interface View {
  readonly state: State;
  readonly keys: readonly string[];
  /** The request for the page after the last one, if that was not the last. */
  readonly nextPage: Request | null;
}

const bodies = new Map<string, Buffer>();

/** The same choice is the same buffer, so that its digests are computed once. */
export function bodyOf({ size, fill }: { size: BodySize; fill: number }): Buffer {
  const name = `${size} ${fill}`;
  const known = bodies.get(name);
  if (known !== undefined) return known;
  const bytes = Buffer.alloc(bodySizes[size]);
  let seed = fill + 1;
  for (let at = 0; at < bytes.length; at++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = seed >>> 16;
  }
  bodies.set(name, bytes);
  return bytes;
}

export const none = Buffer.alloc(0);
export type Choice<K extends Command["kind"]> = Extract<Command, { kind: K }>;

export const isTold = (id: string): boolean => !id.startsWith("?");

/** What the words of a command mean in the present state. */
export class Interpreter {
  readonly #view: View;

  constructor(view: View) {
    this.#view = view;
  }

  key(index: number): string {
    const { keys } = this.#view;
    return keys[index % keys.length] ?? "";
  }

  /** undefined: no version id is sent. */
  versionId(key: string, choice: string | null): string | undefined {
    const { state } = this.#view;
    if (choice === null) return undefined;
    if (choice === "null") return "null";
    if (choice === "garbage") return "nonsense";
    const history = historyOf(state, key)
      .map(({ id }) => id)
      .filter(isTold);
    if (choice === "gone" || (choice === "last" && history.length === 0))
      return [...state.issuedVersions.keys()].find((id) => !history.includes(id)) ?? "null";
    const index = { first: 0, second: 1, third: 2, last: history.length - 1 }[choice] ?? 0;
    return history[Math.min(index, history.length - 1)];
  }

  etag(key: string, choice: EtagChoice): string {
    const newest = currentObject(this.#view.state, key);
    const current = newest !== null && isTold(newest.etag) ? newest : null;
    const other = historyOf(this.#view.state, key).find(
      (version) => !version.isMarker && isTold(version.etag) && version.etag !== current?.etag,
    );
    switch (choice) {
      case "*":
        return "*";
      case "current":
        return `"${current?.etag ?? md5(none)}"`;
      case "bare":
        return current?.etag ?? md5(none);
      case "other":
        return other === undefined || other.isMarker ? `"${md5(none)}"` : `"${other.etag}"`;
      case "wrong":
        return '"00000000000000000000000000000000"';
    }
  }

  /** Headers of a condition on a read; "same" is a date only once the version's second is known. */
  readCondition(
    condition: Choice<"GetObject">["condition"],
    key: string,
    versionId: string | undefined,
    prefix = "",
  ): Record<string, string> {
    const headers: Record<string, string> = {};
    if (condition === null) return headers;
    const version = historyOf(this.#view.state, key).find(({ id }) => versionId === undefined || id === versionId);
    const object = version === undefined || version.isMarker ? null : version;
    const etag = (choice: EtagChoice): string =>
      choice === "current" && object !== null && isTold(object.etag) ? `"${object.etag}"` : this.etag(key, choice);
    if (condition.ifMatch !== undefined) headers[`${prefix}if-match`] = etag(condition.ifMatch as EtagChoice);
    if (condition.ifNoneMatch !== undefined)
      headers[`${prefix}if-none-match`] = etag(condition.ifNoneMatch as EtagChoice);
    if (condition.ifModifiedSince !== undefined)
      headers[`${prefix}if-modified-since`] = dateOf(object, condition.ifModifiedSince);
    if (condition.ifUnmodifiedSince !== undefined)
      headers[`${prefix}if-unmodified-since`] = dateOf(object, condition.ifUnmodifiedSince);
    return headers;
  }

  writeCondition(condition: Choice<"PutObject">["condition"], key: string): Record<string, string> {
    if (condition === null) return {};
    const headers: Record<string, string> = {};
    if ("ifMatch" in condition) headers["if-match"] = this.etag(key, condition.ifMatch as EtagChoice);
    if ("ifNoneMatch" in condition)
      headers["if-none-match"] = condition.ifNoneMatch === "*" ? "*" : this.etag(key, "current");
    return headers;
  }

  /** Conditions of a delete without a version id. */
  deleteCondition({ etag, size, time }: Choice<"DeleteObject">, key: string): Record<string, string> {
    const current = currentObject(this.#view.state, key);
    const bytes = (current?.bytes.length ?? 0) + (size === "wrong" ? 1 : 0);
    return {
      ...(etag === null ? {} : { "if-match": this.etag(key, etag) }),
      ...(size === null ? {} : { "x-amz-if-match-size": String(bytes) }),
      ...(time === null ? {} : { "x-amz-if-match-last-modified-time": dateOf(current, time) }),
    };
  }

  source({ key, version, bucket, condition }: Choice<"CopyObject">["source"]): Record<string, string> {
    const name = this.key(key);
    const versionId = this.versionId(name, version);
    const path = `${bucket === "own" ? "" : missingBucket}/${encodeURIComponent(name)}`;
    return {
      "x-amz-copy-source": versionId === undefined ? path : `${path}?versionId=${versionId}`,
      ...(bucket === "own" ? this.#sourceKey(name, versionId) : {}),
      ...this.readCondition(condition, name, versionId, "x-amz-copy-source-"),
    };
  }

  /** A current object as a source, so encrypted if one is; of nothing where there is none. */
  encryptedSource(kind: EncryptionKind): Record<string, string> {
    const { state } = this.#view;
    const keys = [...state.keys.keys()].filter((key) => currentObject(state, key) !== null);
    const isWanted = (key: string): boolean => currentObject(state, key)?.encryption.kind === kind;
    const key = keys.find(isWanted) ?? keys[0] ?? this.key(0);
    return { "x-amz-copy-source": `/${encodeURIComponent(key)}`, ...this.#sourceKey(key, undefined) };
  }

  /** The customer's key that goes with a part. */
  partKey(upload: Upload | null, fault: string): Record<string, string> {
    if (upload === null) return {};
    const { kind, key } = upload.attributes.encryption;
    const right = kind === "SSE-C" ? customerKeyHeaders(key) : {};
    switch (fault) {
      case "wrong key":
        return customerKeyHeaders(key === "a" ? "b" : "a");
      case "no key":
        return {};
      default:
        return right;
    }
  }

  #sourceKey(key: string, versionId: string | undefined): Record<string, string> {
    const found = historyOf(this.#view.state, key).find(({ id }) => versionId === undefined || id === versionId);
    if (found === undefined || found.isMarker || found.encryption.kind !== "SSE-C") return {};
    return customerKeyHeaders(found.encryption.key, "x-amz-copy-source-");
  }

  /** null: there is none. */
  upload(
    { nth, fault }: Choice<"UploadPart">["upload"],
    prefers: EncryptionKind | null = null,
  ): { key: string; id: string; upload: Upload | null } | null {
    const { state } = this.#view;
    const all = state.uploads.filter(({ id }) => isTold(id));
    const preferred = all.filter(({ attributes }) => attributes.encryption.kind === prefers);
    const known = preferred.length > 0 ? preferred : all;
    const upload = known[nth % Math.max(1, known.length)];
    if (fault === "gone") {
      const gone = state.completed[0];
      if (gone !== undefined && isTold(gone.id)) return { key: gone.key, id: gone.id, upload: null };
    }
    if (upload === undefined && fault === "none") return null;
    if (upload === undefined || fault === "garbage") return { key: this.key(0), id: "nonsense", upload: null };
    if (fault === "other key") return { key: this.key(nth + 1), id: upload.id, upload: null };
    return { key: upload.key, id: upload.id, upload };
  }
}

/** A date at, or a second before, the time of a version; long ago when that is not known to the second. */
export function dateOf(object: ObjectVersion | null, choice: string): string {
  const longAgo = new Date(0).toUTCString();
  if (object === null || choice === "long ago") return longAgo;
  const { from, to } = object.written;
  if (Math.floor(from / 1000) !== Math.floor((to + 50) / 1000)) return longAgo;
  return new Date(choice === "same" ? from : from - 1000).toUTCString();
}

export const metadataHeaders: Readonly<Record<(typeof metadataChoices)[number], Readonly<Record<string, string>>>> = {
  plain: {},
  typed: { "content-type": "text/plain; charset=utf-8" },
  user: { "x-amz-meta-colour": "blue", "x-amz-meta-x": "1" },
  tagged: { "x-amz-tagging": "a=1&b=two%20words" },
  class: { "x-amz-storage-class": "STANDARD_IA" },
  system: {
    "cache-control": "max-age=60",
    "content-disposition": 'attachment; filename="f"',
    "content-encoding": "gzip",
    "content-language": "de",
    expires: "Thu, 01 Dec 2044 16:00:00 GMT",
    "x-amz-website-redirect-location": "/elsewhere",
  },
  "too large": { "x-amz-meta-long": "x".repeat(2049) },
  "bad class": { "x-amz-storage-class": "CHEAP" },
  "bad tag": { "x-amz-tagging": `${"k".repeat(129)}=v` },
};

/** Digests that go with a body; an upload that has an algorithm asks for it. */
export function digestHeaders(
  digest: Choice<"PutObject">["digest"],
  bytes: Buffer,
  upload: Upload | null = null,
): Record<string, string> {
  const wrong = Buffer.from("these are other bytes");
  const base64Md5 = (data: Buffer): string => Buffer.from(md5(data), "hex").toString("base64");
  const headers: Record<string, string> = {};
  const algorithm = upload === null ? digest.algorithm : upload.algorithm;
  const isOptional = upload?.type === "FULL_OBJECT" && digest.algorithm === null;
  if (algorithm !== null && !isOptional) headers[checksumHeader(algorithm)] = checksum(algorithm, bytes);
  if (digest.hasMd5) headers["content-md5"] = base64Md5(bytes);
  const chosen = algorithm ?? "CRC32";
  switch (digest.fault) {
    case "none":
      break;
    case "wrong md5":
      return { ...headers, "content-md5": base64Md5(wrong) };
    case "malformed md5":
      return { ...headers, "content-md5": "AAAA" };
    case "wrong checksum":
      return { [checksumHeader(chosen)]: checksum(chosen, wrong) };
    case "malformed checksum":
      return { [checksumHeader(chosen)]: "AAA=" };
    case "two checksums":
      return Object.fromEntries(algorithms.slice(0, 2).map((name) => [checksumHeader(name), checksum(name, bytes)]));
  }
  return headers;
}

export function claimedParts({ parts }: Upload, choice: string): ClaimedPart[] {
  const all = parts.map(({ number, etag, checksum: own }) => ({ number, etag: `"${etag}"`, checksum: own }));
  const [first] = all;
  switch (choice) {
    case "first":
      return all.slice(0, 1);
    case "last":
      return all.slice(-1);
    case "reversed":
      return all.reverse();
    case "unknown number":
      return [...all, { number: 9999, etag: `"${md5(none)}"`, checksum: null }];
    case "wrong etag":
      return all.map((part) => ({ ...part, etag: '"00000000000000000000000000000000"' }));
    case "none":
      return [];
    case "twice":
      return first === undefined ? [] : [first, ...all];
    default:
      return all;
  }
}

/** Claims of a Complete about the whole; made only where they alone decide. */
export function claimHeaders(upload: Upload, parts: readonly ClaimedPart[], claim: string): Record<string, string> {
  const named = parts.map(({ number }) => upload.parts.find((part) => part.number === number)?.bytes ?? none);
  const bytes = Buffer.concat(named);
  const { algorithm, type } = upload;
  const isPlain = named.slice(0, -1).every(({ length }) => length >= 5 * 1024 * 1024);
  switch (claim) {
    case "size":
      return { "x-amz-mp-object-size": String(bytes.length) };
    case "wrong size":
      return { "x-amz-mp-object-size": String(bytes.length + 1) };
    case "checksum":
      return algorithm !== null && type === "FULL_OBJECT"
        ? { [checksumHeader(algorithm)]: checksum(algorithm, bytes) }
        : {};
    case "wrong checksum":
      return algorithm !== null && type === "FULL_OBJECT" && isPlain
        ? { [checksumHeader(algorithm)]: checksum(algorithm, Buffer.from("other bytes")) }
        : {};
    case "type":
      return type === null ? {} : { "x-amz-checksum-type": type };
    case "wrong type":
      return type === null || !isPlain
        ? {}
        : { "x-amz-checksum-type": type === "COMPOSITE" ? "FULL_OBJECT" : "COMPOSITE" };
    default:
      return {};
  }
}
