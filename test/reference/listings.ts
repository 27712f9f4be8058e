/**
 * The four listings of a bucket: one rule of prefix, delimiter, position and page size for all of them.
 * Source: ListObjects, ListObjectsV2, ListObjectVersions, ListMultipartUploads of the AWS API reference.
 */

import { quoted } from "./headers.ts";
import { shownOwner } from "./owners.ts";
import {
  anything,
  type Expected,
  type ObjectVersion,
  order,
  Refusal,
  type Request,
  type Result,
  type State,
  type Turn,
} from "./state.ts";

const pageMax = 1000;

/** UTF-8 order, which is not that of JavaScript strings. */
export const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

interface Row {
  readonly key: string;
  readonly element: string;
  readonly shown: Expected;
  /** Version or upload id. */
  readonly id: string;
  /** Of a version in its key's history. */
  readonly place?: number;
}

interface Asked {
  readonly prefix: string;
  readonly delimiter: string;
  readonly max: number;
  /** Rows that a marker has passed. Common prefixes that it has passed are told by `after`. */
  readonly isPassed: (row: Row, at: number, rows: readonly Row[]) => boolean;
  readonly after: string;
}

interface Page {
  readonly rows: readonly Row[];
  readonly prefixes: readonly string[];
  readonly isTruncated: boolean;
  /** Key, or common prefix, that came last. */
  readonly last: { readonly name: string; readonly id: string } | null;
}

const groupOf = (key: string, { prefix, delimiter }: Pick<Asked, "prefix" | "delimiter">): string | null => {
  if (delimiter === "") return null;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? null : key.slice(0, at + delimiter.length);
};

/** `rows` are in the order of the listing. A key inside the group of `after` is passed with the whole group. */
function pageOf(rows: readonly Row[], asked: Asked): Page {
  const page: Row[] = [];
  const prefixes: string[] = [];
  let last: Page["last"] = null;
  const passedGroup = asked.after.startsWith(asked.prefix) ? groupOf(asked.after, asked) : null;
  for (const [at, row] of rows.entries()) {
    if (!row.key.startsWith(asked.prefix)) continue;
    const group = groupOf(row.key, asked);
    if (group !== null && (prefixes.includes(group) || group === passedGroup)) continue;
    if (asked.isPassed(row, at, rows)) continue;
    if (page.length + prefixes.length === asked.max) return { rows: page, prefixes, isTruncated: asked.max > 0, last };
    if (group === null) page.push(row);
    else prefixes.push(group);
    last = group === null ? { name: row.key, id: row.id } : { name: group, id: "" };
  }
  return { rows: page, prefixes, isTruncated: false, last };
}

/** Everything but unreserved characters and `/`, percent-encoded. */
const urlEncoded = (name: string): string =>
  encodeURIComponent(name)
    .replaceAll("%2F", "/")
    .replace(/[!'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

interface Common {
  readonly asked: Pick<Asked, "prefix" | "delimiter" | "max">;
  write(name: string): string;
  /** What every listing says of its request. */
  readonly echoed: Record<string, Expected>;
}

/** @throws Refusal InvalidArgument */
function common({ query }: Request, maxWord: "max-keys" | "max-uploads"): Common {
  const { prefix = "", delimiter = "" } = query;
  const text = query[maxWord];
  if (text !== undefined && !/^\d{1,9}$/.test(text)) throw new Refusal("InvalidArgument");
  const encoding = query["encoding-type"];
  if (encoding !== undefined && encoding !== "url") throw new Refusal("InvalidArgument");
  const write = (name: string): string => (encoding === "url" ? urlEncoded(name) : name);
  return {
    asked: { prefix, delimiter, max: Math.min(text === undefined ? pageMax : Number(text), pageMax) },
    write,
    echoed: {
      Prefix: write(prefix),
      ...(delimiter === "" ? {} : { Delimiter: write(delimiter) }),
      ...(encoding === undefined ? {} : { EncodingType: encoding }),
    },
  };
}

const grouped = (
  rows: readonly Row[],
  prefixes: readonly string[],
  write: Common["write"],
): Record<string, Expected> => {
  const elements: Record<string, Expected[]> = {};
  for (const { element, shown } of rows) {
    elements[element] ??= [];
    elements[element].push(shown);
  }
  if (prefixes.length > 0) elements["CommonPrefixes"] = prefixes.map((prefix) => ({ Prefix: write(prefix) }));
  return elements;
};

const listedVersion = (object: ObjectVersion, key: string): Record<string, Expected> => ({
  Key: key,
  LastModified: object.written,
  ETag: quoted(object.etag),
  Size: String(object.bytes.length),
  StorageClass: object.metadata.headers["x-amz-storage-class"] ?? "STANDARD",
  ...(object.checksum === null
    ? {}
    : { ChecksumAlgorithm: [object.checksum.algorithm], ChecksumType: object.checksum.type }),
});

function objectRows(state: State, write: Common["write"], hasOwner: boolean): Row[] {
  return [...state.keys.entries()]
    .sort(([a], [b]) => byBytes(a, b))
    .flatMap(([key, [current]]) => {
      if (current === undefined || current.isMarker) return [];
      const shown = {
        ...listedVersion(current, write(key)),
        ...(hasOwner ? { Owner: shownOwner(state, current) } : {}),
      };
      return [{ key, element: "Contents", shown, id: "" }];
    });
}

const afterKey =
  (marker: string) =>
  ({ key }: Row): boolean =>
    marker !== "" && byBytes(key, marker) <= 0;

export function listObjects(state: State, request: Request): Result {
  const { asked, write, echoed } = common(request, "max-keys");
  const marker = request.query["marker"] ?? "";
  const page = pageOf(objectRows(state, write, true), { ...asked, isPassed: afterKey(marker), after: marker });
  const ListBucketResult = {
    Name: anything,
    ...echoed,
    Marker: write(marker),
    MaxKeys: String(asked.max),
    IsTruncated: String(page.isTruncated),
    ...grouped(page.rows, page.prefixes, write),
    ...(page.isTruncated && asked.delimiter !== "" ? { NextMarker: write(page.last?.name ?? "") } : {}),
  };
  return { state, answer: { status: 200, code: null, headers: {}, body: { ListBucketResult } } };
}

/** What opaque words of earlier answers stand for. */
export interface Tokens {
  /** Continuation token → name after which it goes on. */
  readonly positions: ReadonlyMap<string, string>;
  /** Version id marker → place in the history of its key. */
  readonly places: ReadonlyMap<string, number>;
}

export function listObjectsV2(state: State, request: Request, turn: Turn, tokens: Tokens): Result {
  const { asked, write, echoed } = common(request, "max-keys");
  const { query } = request;
  const token = query["continuation-token"];
  const startAfter = query["start-after"];
  const position = token === undefined ? startAfter : tokens.positions.get(token);
  if (position === undefined && token !== undefined) throw new Refusal("InvalidArgument");
  if (token !== undefined) turn.reach("event page by token");
  const after = position ?? "";
  const rows = objectRows(state, write, query["fetch-owner"] === "true");
  const page = pageOf(rows, { ...asked, isPassed: afterKey(after), after });
  const ListBucketResult = {
    Name: anything,
    ...echoed,
    MaxKeys: String(asked.max),
    KeyCount: String(page.rows.length + page.prefixes.length),
    IsTruncated: String(page.isTruncated),
    ...grouped(page.rows, page.prefixes, write),
    ...(token === undefined ? {} : { ContinuationToken: token }),
    ...(startAfter === undefined ? {} : { StartAfter: write(startAfter) }),
    ...(page.isTruncated ? { NextContinuationToken: anything } : {}),
  };
  return { state, answer: { status: 200, code: null, headers: {}, body: { ListBucketResult } } };
}

/** Where the page of this request ends; what its token stands for. */
export function positionAfter(state: State, request: Request, tokens: Tokens): string {
  const { asked, write } = common(request, "max-keys");
  const token = request.query["continuation-token"];
  const after = (token === undefined ? request.query["start-after"] : tokens.positions.get(token)) ?? "";
  return pageOf(objectRows(state, write, false), { ...asked, isPassed: afterKey(after), after }).last?.name ?? "";
}

/**
 * Pages go on behind a version, by the place that its id names, whether it is still there or not. The null version may be
 * another one by then: where older versions follow it, the server may give a marker of its own instead of `null`.
 */
export function listVersions(state: State, request: Request, _turn: Turn, tokens: Tokens): Result {
  const { asked, write, echoed } = common(request, "max-keys");
  const { "key-marker": keyMarker = "", "version-id-marker": idMarker } = request.query;
  const { page, isWithinKey } = versionsPage(state, request, tokens);
  const nextId = page.last?.id === "null" && isWithinKey ? anything : (page.last?.id ?? "");
  const ListVersionsResult = {
    Name: anything,
    ...echoed,
    KeyMarker: write(keyMarker),
    VersionIdMarker: idMarker ?? "",
    MaxKeys: String(asked.max),
    IsTruncated: String(page.isTruncated),
    ...grouped(page.rows, page.prefixes, write),
    [order]: page.rows.map(({ key, id }) => [write(key), id]),
    ...(page.isTruncated && page.last !== null
      ? { NextKeyMarker: write(page.last.name), ...(nextId === "" ? {} : { NextVersionIdMarker: nextId }) }
      : {}),
  };
  return { state, answer: { status: 200, code: null, headers: {}, body: { ListVersionsResult } } };
}

/** @throws Refusal InvalidArgument */
function versionsPage(state: State, request: Request, tokens: Tokens): { page: Page; isWithinKey: boolean } {
  const { asked, write } = common(request, "max-keys");
  const { "key-marker": keyMarker = "", "version-id-marker": idMarker } = request.query;
  if (idMarker !== undefined && (keyMarker === "" || idMarker === "")) throw new Refusal("InvalidArgument");
  const rows = versionRows(state, write);
  const own = rows.find(({ key, id }) => key === keyMarker && id === idMarker);
  const known =
    idMarker === undefined ? undefined : (state.issuedVersions.get(idMarker) ?? tokens.places.get(idMarker));
  if (idMarker !== undefined && idMarker !== "null" && known === undefined) throw new Refusal("InvalidArgument");
  const marker = own?.place ?? known ?? 0;
  const isPassed = (row: Row): boolean =>
    row.key === keyMarker && keyMarker !== ""
      ? idMarker === undefined || (row.place ?? 0) >= marker
      : afterKey(keyMarker)(row);
  const page = pageOf(rows, { ...asked, isPassed, after: keyMarker });
  const last = page.rows.at(-1);
  const at = last === undefined ? -1 : rows.indexOf(last);
  return { page, isWithinKey: last !== undefined && rows[at + 1]?.key === last.key };
}

/** The place that the next page's version id marker names. */
export function placeAfter(state: State, request: Request, tokens: Tokens): number {
  return versionsPage(state, request, tokens).page.rows.at(-1)?.place ?? 0;
}

function versionRows(state: State, write: Common["write"]): Row[] {
  return [...state.keys.entries()]
    .sort(([a], [b]) => byBytes(a, b))
    .flatMap(([key, history]) =>
      history.map((version, at) => {
        const shown = version.isMarker
          ? { Key: write(key), LastModified: version.written }
          : listedVersion(version, write(key));
        const latest = {
          VersionId: version.id,
          IsLatest: String(at === 0),
          Owner: version.isMarker ? anything : shownOwner(state, version),
        };
        return {
          key,
          element: version.isMarker ? "DeleteMarker" : "Version",
          shown: { ...shown, ...latest },
          id: version.id,
          place: version.place,
        };
      }),
    );
}

export function listUploads(state: State, request: Request): Result {
  const { asked, write, echoed } = common(request, "max-uploads");
  const { "key-marker": keyMarker = "", "upload-id-marker": asMarker = "" } = request.query;
  const idMarker = keyMarker === "" ? "" : asMarker;
  const rows = uploadRows(state, write);
  const markerAt = rows.findIndex(({ key, id }) => key === keyMarker && id === idMarker);
  const isPassed = (row: Row, at: number): boolean =>
    afterKey(keyMarker)(row) && (idMarker === "" || row.key !== keyMarker || at <= markerAt);
  const page = pageOf(rows, { ...asked, isPassed, after: idMarker === "" ? keyMarker : "" });
  const ListMultipartUploadsResult = {
    Bucket: anything,
    ...echoed,
    KeyMarker: write(keyMarker),
    UploadIdMarker: idMarker,
    MaxUploads: String(asked.max),
    IsTruncated: String(page.isTruncated),
    ...grouped(page.rows, page.prefixes, write),
    ...(page.isTruncated && page.last !== null
      ? { NextKeyMarker: write(page.last.name), NextUploadIdMarker: page.last.id }
      : {}),
  };
  return { state, answer: { status: 200, code: null, headers: {}, body: { ListMultipartUploadsResult } } };
}

/** By key, those of one key in the order of their creation. */
function uploadRows(state: State, write: Common["write"]): Row[] {
  return state.uploads
    .map((upload) => ({
      key: upload.key,
      id: upload.id,
      element: "Upload",
      shown: {
        Key: write(upload.key),
        UploadId: upload.id,
        Initiated: upload.initiated,
        Owner: anything,
        Initiator: anything,
        StorageClass: upload.metadata.headers["x-amz-storage-class"] ?? "STANDARD",
        ...(upload.algorithm === null ? {} : { ChecksumAlgorithm: upload.algorithm }),
        ...(upload.type === null ? {} : { ChecksumType: upload.type }),
      },
    }))
    .sort((a, b) => byBytes(a.key, b.key));
}
