/** The access log: a JSON line for each request, with everything that billing and debugging need and nothing secret. */

import { openLineSink } from "../base/log.ts";

/** A finished request. Absent members are null and are left out of the line. */
export interface AccessLogEntry {
  /** Unix ms of the request's head. */
  readonly timeMs: number;
  readonly requestId: string;
  /** Name of the operation, "-" when none was found. */
  readonly operation: string;
  readonly status: number;
  readonly method: string;
  readonly bucket: string | null;
  readonly key: string | null;
  /** As on the wire, without "?". */
  readonly rawQuery: string;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly durationMs: number;
  /** The client's address. */
  readonly remote: string;
  readonly accessKeyId: string | null;
  readonly errorCode: string | null;
  readonly userAgent: string | null;
}

const textMax = 512;

/**
 * One line, ending in a line feed. Pure. Example:
 * `{"time":"2026-01-31T12:00:00.000Z","requestId":"0F","operation":"GetObject","status":200,"method":"GET","bucket":"b",
 * "key":"k","receivedBytes":0,"sentBytes":5,"durationMs":1.25,"remote":"::1","accessKeyId":"AK"}` (without the break).
 */
export function accessLogLine(entry: AccessLogEntry): string {
  const query = queryWithoutSecrets(entry.rawQuery);
  const line = {
    time: new Date(entry.timeMs).toISOString(),
    requestId: entry.requestId,
    operation: entry.operation,
    status: entry.status,
    method: entry.method,
    bucket: entry.bucket ?? undefined,
    key: entry.key ?? undefined,
    query: query === "" ? undefined : query,
    receivedBytes: entry.receivedBytes,
    sentBytes: entry.sentBytes,
    durationMs: Math.round(entry.durationMs * 1000) / 1000,
    remote: entry.remote,
    accessKeyId: entry.accessKeyId?.slice(0, textMax),
    errorCode: entry.errorCode ?? undefined,
    userAgent: entry.userAgent?.slice(0, textMax),
  };
  return `${JSON.stringify(line)}\n`;
}

/** Query words, lower case, that hold or name credentials: presigned URLs of SigV4 and SigV2, session tokens, SSE-C keys. */
const secretWords = new Set([
  "x-amz-signature",
  "x-amz-credential",
  "x-amz-security-token",
  "x-amz-server-side-encryption-customer-key",
  "x-amz-copy-source-server-side-encryption-customer-key",
  "signature",
  "awsaccesskeyid",
]);

/** The raw query without the words that hold credentials, however their names are escaped. Pure. */
export function queryWithoutSecrets(rawQuery: string): string {
  if (rawQuery === "") return "";
  return rawQuery
    .split("&")
    .filter((pair) => !secretWords.has(decodedName(pair).toLowerCase()))
    .join("&");
}

function decodedName(pair: string): string {
  const equals = pair.indexOf("=");
  const name = equals < 0 ? pair : pair.slice(0, equals);
  // Only ASCII names matter: escapes are undone byte by byte, and broken ones stay as they are.
  return name.replace(/%([0-7][0-9A-Fa-f])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))).trim();
}

export interface AccessLog {
  write(entry: AccessLogEntry): void;
  /** Starts a new file under the same path. */
  reopen(): void;
  close(): Promise<void>;
}

/** @param target "off", "stdout", or a file's path. @throws Error of the operating system when the file cannot be opened */
export function openAccessLog(target: string): AccessLog {
  if (target === "off") return { write: () => {}, reopen: () => {}, close: async () => {} };
  const sink = openLineSink(target === "stdout" ? 1 : target);
  return {
    write: (entry) => sink.write(accessLogLine(entry)),
    reopen: () => sink.reopen(),
    close: () => sink.close(),
  };
}
