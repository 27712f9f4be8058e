/** An object's metadata between headers and records, and the members that many answers share. */

import { limits } from "../base/limits.ts";
import type { ObjectMetadata } from "../bucket/messages.ts";
import type { Headers } from "../model/http.ts";
import { parseHttpDate } from "../model/timestamp.ts";
import type { Checksum, ChecksumType } from "../s3/checksum-algorithms.ts";
import { S3Error } from "../s3/errors.ts";
import { checkTags } from "../s3/tag-set.ts";
import { inlineSealBytes } from "../storage/body-cipher.ts";
import { inlineBytesMax, recordTailBytesMax } from "../storage/record.ts";
import { bareTailBytesMax, tailBytesMax } from "../storage/record-tail.ts";
import type { WriteEncryption } from "./encryption.ts";

/** Answered for objects that were stored without a type. */
export const defaultContentType = "binary/octet-stream";

/** Input members that become metadata, as PutObject, CopyObject and CreateMultipartUpload declare them. */
export interface MetadataInput {
  readonly CacheControl?: string | undefined;
  readonly ContentDisposition?: string | undefined;
  readonly ContentEncoding?: string | undefined;
  readonly ContentLanguage?: string | undefined;
  readonly ContentType?: string | undefined;
  readonly Expires?: string | undefined;
  readonly Metadata?: readonly (readonly [name: string, value: string])[] | undefined;
  readonly StorageClass?: string | undefined;
  readonly Tagging?: string | undefined;
  readonly WebsiteRedirectLocation?: string | undefined;
}

/** A header without a value says nothing: an object with an empty type would be one without the default. */
const said = (value: string | undefined): string | undefined => (value === "" ? undefined : value);

/** Content-Encoding without the framing of the upload: `gzip,aws-chunked` is stored as `gzip`. */
const storedEncoding = (encoding: string | undefined): string | undefined => {
  if (encoding === undefined || !/aws-chunked/i.test(encoding)) return encoding;
  const kept = encoding.split(",").filter((coding) => coding.trim().toLowerCase() !== "aws-chunked");
  return kept.length === 0 ? undefined : kept.join(",").trim();
};

/** @throws S3Error InvalidArgument. Source: AWS PutObject, x-amz-website-redirect-location: "The value length limit is 2 KB". */
const checkRedirect = (location: string): void => {
  const isPlace = /^(?:\/|https?:\/\/)/.test(location);
  if (isPlace && Buffer.byteLength(location) <= limits.redirectLocationBytesMax) return;
  throw new S3Error("InvalidArgument", {
    Message: isPlace
      ? `The length of website redirect location cannot exceed ${limits.redirectLocationBytesMax} characters.`
      : "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
    ArgumentName: "x-amz-website-redirect-location",
    ArgumentValue: location,
  });
};

/**
 * Members that are present, under their stored names.
 * @param encryption of the object; null = none
 * @throws S3Error InvalidTag, InvalidArgument, BadRequest
 */
export const metadataOf = (input: MetadataInput, encryption: WriteEncryption | null = null): ObjectMetadata => {
  if (input.Tagging !== undefined && input.Tagging !== "") checkTags(input.Tagging);
  if (input.WebsiteRedirectLocation !== undefined) checkRedirect(input.WebsiteRedirectLocation);
  const contentType = said(input.ContentType);
  const contentEncoding = storedEncoding(said(input.ContentEncoding));
  const contentLanguage = said(input.ContentLanguage);
  const contentDisposition = said(input.ContentDisposition);
  const cacheControl = said(input.CacheControl);
  const expires = said(input.Expires);
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
    ...(contentLanguage === undefined ? {} : { contentLanguage }),
    ...(contentDisposition === undefined ? {} : { contentDisposition }),
    ...(cacheControl === undefined ? {} : { cacheControl }),
    ...(expires === undefined ? {} : { expires }),
    ...(input.WebsiteRedirectLocation === undefined ? {} : { websiteRedirectLocation: input.WebsiteRedirectLocation }),
    ...(input.StorageClass === undefined || input.StorageClass === "STANDARD"
      ? {}
      : { storageClass: input.StorageClass }),
    ...(input.Metadata === undefined ? {} : { user: input.Metadata }),
    ...(input.Tagging === undefined || input.Tagging === "" ? {} : { tagging: input.Tagging }),
    ...(encryption === null ? {} : { encryption: encryption.stored }),
  };
};

/**
 * Bytes of body that fit into the record beside this metadata; 0 = none.
 * @throws S3Error RequestHeaderSectionTooLarge when the metadata alone does not fit a record
 */
export const inlineBytesFor = (metadata: ObjectMetadata): number => {
  const tailBytes = tailBytesMax(metadata);
  const sealBytes = metadata.encryption === undefined ? 0 : inlineSealBytes;
  if (tailBytes <= recordTailBytesMax) return Math.max(0, inlineBytesMax(tailBytes) - sealBytes);
  const bareBytes = bareTailBytesMax(metadata);
  if (bareBytes > recordTailBytesMax) {
    throw new S3Error("RequestHeaderSectionTooLarge", { MaxSizeAllowed: String(recordTailBytesMax) });
  }
  return Math.max(0, inlineBytesMax(bareBytes) - sealBytes);
};

/** `"etag"`. */
export const quoteEtag = (etag: string): string => `"${etag}"`;

export interface ChecksumMembers {
  readonly ChecksumCRC32?: string;
  readonly ChecksumCRC32C?: string;
  readonly ChecksumCRC64NVME?: string;
  readonly ChecksumSHA1?: string;
  readonly ChecksumSHA256?: string;
}

/** The member of an output that carries `checksum`; none for null. */
export const checksumMember = (checksum: Checksum | null): ChecksumMembers =>
  checksum === null ? {} : { [`Checksum${checksum.algorithm}`]: checksum.value };

/** As `checksumMember`, with the type: a composite value ends in the number of its parts. */
export const typedChecksum = (checksum: Checksum | null): ChecksumMembers & { readonly ChecksumType?: ChecksumType } =>
  checksum === null
    ? {}
    : { ...checksumMember(checksum), ChecksumType: /-\d+$/.test(checksum.value) ? "COMPOSITE" : "FULL_OBJECT" };

/**
 * Preconditions of a write from its headers.
 * @throws S3Error NotImplemented for If-None-Match with anything but `*`, as S3 answers, and for dates
 */
export const writePreconditions = (headers: Headers): { ifMatch?: string; ifNoneMatch?: string } => {
  const ifMatch = headers.get("if-match");
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== "*") {
    throw new S3Error("NotImplemented", { Header: "If-None-Match" });
  }
  for (const name of ["if-modified-since", "if-unmodified-since"]) {
    const date = headers.get(name);
    if (date !== undefined && parseHttpDate(date) !== null) throw new S3Error("NotImplemented", { Header: name });
  }
  return {
    ...(ifMatch === undefined ? {} : { ifMatch: ifMatch.trim() === "*" ? "*" : bare(ifMatch) }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch: "*" }),
  };
};

const bare = (etag: string): string => etag.trim().replace(/^"(.*)"$/, "$1");
