/** What GetObject and HeadObject share: version, conditions, range or part, and the headers of the answer. */

import type { DeleteMarkerView, ObjectView } from "../bucket/read.ts";
import type { Headers, HttpRequest, ResponseBody } from "../model/http.ts";
import type { ValueOf } from "../model/shape.ts";
import { formatHttpDate } from "../model/timestamp.ts";
import { type ByteRange, contentRange, parseRange } from "../s3/byte-range.ts";
import type { Checksum } from "../s3/checksum-algorithms.ts";
import type { StorageClass } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { holdsRange, judgeRead, type ReadConditions } from "../s3/read-conditions.ts";
import { storageClassOf } from "../s3/storage-class.ts";
import { storedTagCount } from "../s3/tag-set.ts";
import type { Context } from "./context.ts";
import { requireObject } from "./found-version.ts";
import { lockMembers } from "./object-lock.ts";
import { checksumMember, defaultContentType, quoteEtag } from "./object-metadata.ts";
import { checkPartNumber } from "./part-number.ts";

/** The input members that decide what is read. */
export interface ReadInput {
  readonly Key: string;
  readonly VersionId?: string | undefined;
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
  readonly IfModifiedSince?: number | undefined;
  readonly IfUnmodifiedSince?: number | undefined;
  readonly Range?: string | undefined;
  readonly PartNumber?: number | undefined;
  readonly ChecksumMode?: "ENABLED" | undefined;
  readonly ResponseCacheControl?: string | undefined;
  readonly ResponseContentDisposition?: string | undefined;
  readonly ResponseContentEncoding?: string | undefined;
  readonly ResponseContentLanguage?: string | undefined;
  readonly ResponseContentType?: string | undefined;
  readonly ResponseExpires?: string | undefined;
}

/** @throws S3Error NotModified (with the headers that RFC 9110 asks of a 304) or PreconditionFailed */
export const checkConditions = (conditions: ReadConditions, object: ObjectView): void => {
  const fault = judgeRead(conditions, object.etag, object.modifiedMs);
  if (fault === null) return;
  if (!fault.notModified) throw new S3Error("PreconditionFailed", { Condition: fault.condition });
  const { cacheControl, expires } = object.metadata;
  throw new S3Error(
    "NotModified",
    {},
    {
      headers: [
        ["etag", quoteEtag(object.etag)],
        ["last-modified", formatHttpDate(object.modifiedMs)],
        ...(cacheControl === undefined ? [] : [["cache-control", cacheControl] as const]),
        ...(expires === undefined ? [] : [["expires", expires] as const]),
      ],
    },
  );
};

/** What of an object is answered. */
export interface Selection extends ByteRange {
  /** True for 206: a range or a part was asked for. */
  readonly isPartial: boolean;
  /** Set when a part of a multipart object was asked for. */
  readonly partsCount: number | null;
  /** Of that part. */
  readonly checksum: Checksum | null;
}

const whole = (sizeBytes: number): Selection => ({
  start: 0,
  end: sizeBytes,
  isPartial: false,
  partsCount: null,
  checksum: null,
});

const selectPart = (partNumber: number, object: ObjectView): Selection => {
  const part = object.part(partNumber);
  if (part === null) {
    throw new S3Error("InvalidPartNumber", {
      PartNumberRequested: String(partNumber),
      ActualPartCount: String(object.partsCount ?? 1),
    });
  }
  const { start, end, checksum } = part;
  return { start, end, checksum, isPartial: object.sizeBytes > 0, partsCount: object.partsCount };
};

/** @throws S3Error InvalidRange, InvalidPartNumber, InvalidRequest (range and part together), InvalidArgument */
const select = (input: ReadInput, object: ObjectView, headers: Headers): Selection => {
  if (input.PartNumber !== undefined) {
    if (input.Range !== undefined) {
      throw new S3Error("InvalidRequest", {
        Message: "Cannot specify both Range header and partNumber query parameter",
      });
    }
    checkPartNumber(input.PartNumber);
    return selectPart(input.PartNumber, object);
  }
  if (input.Range === undefined) return whole(object.sizeBytes);
  if (!holdsRange(headers.get("if-range"), object.etag, object.modifiedMs)) return whole(object.sizeBytes);
  const range = parseRange(input.Range, object.sizeBytes);
  if (range === "whole") return whole(object.sizeBytes);
  if (range === "unsatisfiable") {
    throw new S3Error("InvalidRange", {
      RangeRequested: input.Range,
      ActualObjectSize: String(object.sizeBytes),
    });
  }
  return { ...range, isPartial: true, partsCount: null, checksum: null };
};

/** Judges what was found, conditions and range. @throws S3Error as its parts, and those of `requireObject` */
export const selectBytes = (
  input: ReadInput,
  found: ObjectView | DeleteMarkerView | null,
  { method, headers }: Pick<HttpRequest, "method" | "headers">,
): { object: ObjectView; selection: Selection } => {
  const object = requireObject(found, input, method);
  const { IfMatch: ifMatch, IfNoneMatch: ifNoneMatch } = input;
  const { IfModifiedSince: ifModifiedSince, IfUnmodifiedSince: ifUnmodifiedSince } = input;
  checkConditions({ ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince }, object);
  return { object, selection: select(input, object, headers) };
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const unsafe = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** A header's value from the query, or the stored one. @throws S3Error InvalidArgument for control characters */
const override = (name: string, asked: string | undefined, stored: string | undefined): string | undefined => {
  if (asked === undefined || asked === "") return stored;
  if (!unsafe.test(asked)) return asked;
  throw new S3Error("InvalidArgument", {
    Message: "Header value cannot be represented using ISO-8859-1.",
    ArgumentName: name,
  });
};

type Metadata = ObjectView["metadata"];

/** Members that few objects have. */
const describeMetadata = (input: ReadInput, metadata: Metadata) => {
  const storageClass: ValueOf<typeof StorageClass> | undefined = storageClassOf(metadata.storageClass);
  return {
    CacheControl: override("response-cache-control", input.ResponseCacheControl, metadata.cacheControl),
    ContentDisposition: override(
      "response-content-disposition",
      input.ResponseContentDisposition,
      metadata.contentDisposition,
    ),
    ContentEncoding: override("response-content-encoding", input.ResponseContentEncoding, metadata.contentEncoding),
    ContentLanguage: override("response-content-language", input.ResponseContentLanguage, metadata.contentLanguage),
    Expires: override("response-expires", input.ResponseExpires, metadata.expires),
    WebsiteRedirectLocation: metadata.websiteRedirectLocation,
    StorageClass: storageClass === "STANDARD" ? undefined : storageClass,
    Metadata: metadata.user,
  };
};

/** What is shown to those alone who may read it by its own operation. Source: AWS GetObject, response elements. */
const describeAttributes = (
  { Key: key, VersionId }: ReadInput,
  { tagging, lock }: Metadata,
  context: Pick<Context, "allows">,
) => {
  const tagAction = VersionId === undefined ? "s3:GetObjectTagging" : "s3:GetObjectVersionTagging";
  const showsTags = tagging !== undefined && context.allows(tagAction, key);
  return {
    TagCount: showsTags ? storedTagCount(tagging) : undefined,
    ...(lock === undefined ? {} : lockMembers(lock, { allows: (action) => context.allows(action, key) })),
  };
};

const asksForOverride = (input: ReadInput): boolean =>
  input.ResponseCacheControl !== undefined ||
  input.ResponseContentDisposition !== undefined ||
  input.ResponseContentEncoding !== undefined ||
  input.ResponseContentLanguage !== undefined ||
  input.ResponseExpires !== undefined;

/** True for an object without metadata but its type, as most of a program's own objects are. */
const isPlain = (metadata: Metadata): boolean => {
  for (const name in metadata) if (name !== "contentType") return false;
  return true;
};

/** What every answer has; written out as one literal, so that all answers have one hidden class. */
const describePlainly = (input: ReadInput, object: ObjectView, selection: Selection, body: Body) => ({
  AcceptRanges: "bytes",
  LastModified: object.modifiedMs,
  ContentLength: selection.end - selection.start,
  ETag: quoteEtag(object.etag),
  ContentType: override(
    "response-content-type",
    input.ResponseContentType,
    object.metadata.contentType ?? defaultContentType,
  ),
  ContentRange: selection.isPartial ? contentRange(selection, object.sizeBytes) : undefined,
  PartsCount: selection.partsCount ?? undefined,
  VersionId: object.versionId ?? undefined,
  Body: body,
});

/** The selected bytes; undefined for HEAD. */
type Body = Uint8Array | ResponseBody | undefined;

/** The output members that describe an object and the selected bytes of it. */
export const describe = (
  input: ReadInput,
  object: ObjectView,
  selection: Selection,
  body: Body,
  context: Pick<Context, "allows">,
) => {
  const plain = describePlainly(input, object, selection, body);
  const { metadata } = object;
  const showChecksum = input.ChecksumMode === "ENABLED" && (!selection.isPartial || input.PartNumber !== undefined);
  if (!showChecksum && isPlain(metadata) && !asksForOverride(input)) return plain;
  return {
    ...plain,
    ...describeMetadata(input, metadata),
    ...describeAttributes(input, metadata, context),
    ...(showChecksum ? shownChecksum(object, selection) : {}),
  };
};

/** The checksum of the object, or of the part that was asked for. */
const shownChecksum = (object: ObjectView, { partsCount, checksum }: Selection) => {
  if (partsCount !== null) return checksumMember(checksum);
  return object.checksum === null ? {} : { ...checksumMember(object.checksum), ChecksumType: object.checksumType };
};
