/**
 * Server access logging: where a bucket's log goes, what its objects are called, and the lines. Pure.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html and "Enabling Amazon S3 server access logging".
 */

/** Plain data: it is stored. */
export interface BucketLogging {
  readonly targetBucket: string;
  /** "" = none. */
  readonly targetPrefix: string;
  /**
   * Simple: prefix and time, because nothing was said or because it was asked for. Partitioned: by account, region, bucket
   * and day of delivery or of the requests.
   */
  readonly keyFormat: "simple" | "asked-simple" | "delivery-time" | "event-time";
}

/** One request, as its line says it. Absent text is null and written as "-". */
export interface LoggedRequest {
  /** Canonical id of the bucket's owner. */
  readonly ownerId: string;
  readonly bucket: string;
  /** Unix ms of its arrival. */
  readonly timeMs: number;
  readonly remoteAddress: string;
  /** Canonical id of an account, or a user's ARN; null for an anonymous request. */
  readonly requester: string | null;
  readonly requestId: string;
  /** `REST.GET.OBJECT`: the method, or COPY for a PUT that copies, and the resource's name; or `BATCH.DELETE.OBJECT`. */
  readonly operation: string;
  readonly key: string | null;
  /** Method, and path and query as on the wire, without credentials; null: it is part of a request that has its own line. */
  readonly requestLine: string | null;
  readonly status: number;
  readonly errorCode: string | null;
  readonly bytesSent: number;
  /** null: not known. */
  readonly objectBytes: number | null;
  readonly totalMs: number | null;
  readonly referer: string | null;
  readonly userAgent: string | null;
  /** The one that the request names. */
  readonly versionId: string | null;
  readonly hostId: string;
  readonly signatureVersion: "SigV4" | "SigV2" | null;
  readonly authType: "AuthHeader" | "QueryString" | null;
  readonly host: string | null;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const two = (value: number): string => String(value).padStart(2, "0");

/** `06/Feb/2026:00:00:38 +0000`. */
function logTime(timeMs: number): string {
  const at = new Date(timeMs);
  const date = `${two(at.getUTCDate())}/${months[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  return `${date}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
}

const surrogates = /\p{Surrogate}/gu;

/** Text between spaces: what would end the field or the line is escaped. */
function word(text: string | number | null): string {
  if (text === null || text === "") return "-";
  return encodeURI(String(text).replaceAll(surrogates, "\ufffd"));
}

/** Text between quotes; null is a bare "-". */
function quoted(text: string | null): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would end the line.
  return text === null ? '"-"' : `"${text.replace(/["\0-\x1f\x7f]/g, (character) => encodeURIComponent(character))}"`;
}

/**
 * One line, ending in a line feed, of the 26 fields that AWS documents, in their order.
 * The cipher, the TLS version's number and the access point are not known here: "-".
 */
export function logLine(request: LoggedRequest): string {
  const { requestLine, errorCode, objectBytes, bytesSent, totalMs } = request;
  const fields = [
    word(request.ownerId),
    word(request.bucket),
    `[${logTime(request.timeMs)}]`,
    word(request.remoteAddress),
    word(request.requester),
    word(request.requestId),
    request.operation,
    request.key === null ? "-" : word(request.key),
    requestLine === null ? "-" : quoted(`${requestLine} HTTP/1.1`),
    String(request.status),
    word(errorCode),
    bytesSent === 0 ? "-" : String(bytesSent),
    objectBytes === null ? "-" : String(objectBytes),
    totalMs === null ? "-" : String(Math.round(totalMs)),
    "-",
    quoted(request.referer),
    quoted(request.userAgent),
    word(request.versionId),
    word(request.hostId),
    request.signatureVersion ?? "-",
    "-",
    request.authType ?? "-",
    word(request.host),
    "-",
    "-",
    "-",
  ];
  return `${fields.join(" ")}\n`;
}

/** Whose log it is. */
export interface LogSource {
  readonly accountId: string;
  readonly region: string;
  readonly bucket: string;
}

/**
 * The key of a log object: `<prefix>YYYY-mm-DD-HH-MM-SS-<unique>`, or with account, region, bucket and day before it.
 * @param deliveryMs Unix ms, when it is written
 * @param eventMs Unix ms of its first line
 * @param unique 16 upper-case hex digits
 */
export function logKey(
  { targetPrefix, keyFormat }: BucketLogging,
  source: LogSource,
  deliveryMs: number,
  eventMs: number,
  unique: string,
): string {
  const stamp = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", "-").replaceAll(":", "-");
  if (keyFormat === "simple" || keyFormat === "asked-simple") return `${targetPrefix}${stamp(deliveryMs)}-${unique}`;
  const { accountId, region, bucket } = source;
  const ms = keyFormat === "event-time" ? eventMs : deliveryMs;
  const day = new Date(ms).toISOString().slice(0, 10).replaceAll("-", "/");
  // Of the requests' time only the day is meant, since an object has many of them.
  const name = keyFormat === "event-time" ? `${stamp(ms).slice(0, 10)}-00-00-00` : stamp(ms);
  return `${targetPrefix}${accountId}/${region}/${bucket}/${day}/${name}-${unique}`;
}
