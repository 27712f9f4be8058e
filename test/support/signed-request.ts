/**
 * Hand-made requests: the caller chooses every byte that a client library would not let it choose, such as the path on
 * the wire, the time, headers left unsigned and the framing of the body. Shares no code with the server.
 * Source: AWS "Create a signed AWS API request", "Signature calculations for the Authorization header".
 */

import { createHash, createHmac } from "node:crypto";
import { request as httpRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { testKeys } from "./node-process.ts";
import type { S3Answer } from "./s3-client.ts";

export interface HandMadeRequest {
  readonly method: string;
  /** Path and query exactly as on the wire. */
  readonly target: string;
  /** Signed. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent beside the signed ones. */
  readonly unsigned?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Value of x-amz-content-sha256; default: the digest of `body`. */
  readonly payload?: string;
  /** Makes the body from the request's own signature, for signed chunks. */
  readonly frame?: (signing: ChunkSigning) => Uint8Array;
  readonly timeMs?: number;
  /** Says the time in a Date header of HTTP's form instead of x-amz-date. */
  readonly usesDate?: boolean;
  readonly region?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  /** Changes the Authorization header once it is made; null leaves it out. */
  readonly authorize?: (right: string) => string | null;
  /** Sends the body with Transfer-Encoding: chunked, in pieces of this size, and no Content-Length. */
  readonly pieceBytes?: number;
}

/** What the signatures of chunks and trailers are made with. */
export interface ChunkSigning {
  readonly key: Buffer;
  readonly seed: string;
  readonly timestamp: string;
  readonly scope: string;
}

const sha256 = (data: Uint8Array | string): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: Uint8Array | string, data: string): Buffer => createHmac("sha256", key).update(data).digest();
export const basicTime = (ms: number): string => new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");

/** Sorted as the canonical request has it; the words must be encoded already. */
const canonicalQuery = (raw: string): string =>
  raw
    .split("&")
    .filter((word) => word !== "")
    .map((word) => {
      const [name = "", value = ""] = word.split("=");
      return [name, value] as const;
    })
    .sort(([a, valueA], [b, valueB]) => (a === b ? compare(valueA, valueB) : compare(a, b)))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Sends one request on a connection of its own; rejects only when no answer came. */
export function sendSigned(endpoint: string, request: HandMadeRequest): Promise<S3Answer> {
  const url = new URL(endpoint);
  const { method, target, region = "us-east-1", accessKeyId = testKeys.accessKeyId } = request;
  const [rawPath = "/", rawQuery = ""] = target.split("?");
  const timestamp = basicTime(request.timeMs ?? Date.now());
  const date = timestamp.slice(0, 8);
  const scope = `${date}/${region}/s3/aws4_request`;
  const payload = request.payload ?? sha256(request.body ?? "");
  const headers: Record<string, string> = {
    host: url.host,
    ...(request.usesDate
      ? { date: new Date(request.timeMs ?? Date.now()).toUTCString() }
      : { "x-amz-date": timestamp }),
    "x-amz-content-sha256": payload,
    ...request.headers,
  };
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}\n`).join("");
  const canonical = [method, rawPath, canonicalQuery(rawQuery), lines, names.join(";"), payload].join("\n");
  const secret = request.secretAccessKey ?? testKeys.secretAccessKey;
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), "s3"), "aws4_request");
  const seed = hmac(key, ["AWS4-HMAC-SHA256", timestamp, scope, sha256(canonical)].join("\n")).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${seed}`;
  const sent = request.authorize === undefined ? authorization : request.authorize(authorization);
  const body = request.frame?.({ key, seed, timestamp, scope }) ?? request.body;
  return sendPlain(endpoint, {
    method,
    target,
    headers: { ...headers, ...request.unsigned, ...(sent === null ? {} : { authorization: sent }) },
    ...(body === undefined ? {} : { body }),
    ...(request.pieceBytes === undefined ? {} : { pieceBytes: request.pieceBytes }),
  });
}

/** Sends a request as it stands: unsigned, or with the signature in its target. */
export function sendPlain(
  endpoint: string,
  request: Pick<HandMadeRequest, "method" | "target" | "headers" | "body" | "pieceBytes">,
): Promise<S3Answer> {
  const url = new URL(endpoint);
  const body = request.body === undefined ? undefined : Buffer.from(request.body);
  const { pieceBytes } = request;
  const length = body === undefined ? (request.method === "PUT" || request.method === "POST" ? 0 : null) : body.length;
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === "https:" ? tlsRequest : httpRequest)({
      agent: false,
      rejectUnauthorized: false,
      host: url.hostname,
      port: url.port,
      method: request.method,
      path: request.target,
      headers: {
        ...request.headers,
        ...(pieceBytes === undefined
          ? length === null
            ? {}
            : { "content-length": String(length) }
          : { "transfer-encoding": "chunked" }),
      },
      timeout: 60_000,
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("timed out")));
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const pieces: Buffer[] = [];
      incoming.on("data", (piece: Buffer) => pieces.push(piece));
      incoming.on("error", reject);
      incoming.on("end", () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(pieces) }),
      );
    });
    if (body !== undefined && pieceBytes !== undefined) {
      for (let at = 0; at < body.length; at += pieceBytes) outgoing.write(body.subarray(at, at + pieceBytes));
      outgoing.end();
    } else outgoing.end(body);
  });
}

export interface AwsChunkedOptions {
  readonly chunkBytes?: number;
  /** null: unsigned chunks. */
  readonly signing: ChunkSigning | null;
  readonly trailers?: readonly (readonly [name: string, value: string])[];
  /** Spoils the signature of this chunk, counted from 0; -1 = that of the trailers. */
  readonly spoil?: number;
}

/** `data` in AWS's own framing. Source: AWS "Signature calculations … transferring payload in multiple chunks". */
export function awsChunked(data: Uint8Array, options: AwsChunkedOptions): Buffer {
  const { signing, chunkBytes = 65_536, trailers = [], spoil } = options;
  const out: (Uint8Array | string)[] = [];
  let previous = signing?.seed ?? "";
  const sign = (kind: string, rest: string, isSpoilt: boolean): string => {
    if (signing === null) return "";
    const text = [kind, signing.timestamp, signing.scope, previous, rest].join("\n");
    previous = hmac(signing.key, text).toString("hex");
    return isSpoilt ? previous.replace(/./g, (digit) => (digit === "0" ? "1" : "0")) : previous;
  };
  const chunk = (piece: Uint8Array, index: number): void => {
    const signature = sign("AWS4-HMAC-SHA256-PAYLOAD", `${sha256("")}\n${sha256(piece)}`, spoil === index);
    out.push(`${piece.length.toString(16)}${signing === null ? "" : `;chunk-signature=${signature}`}\r\n`);
    if (piece.length > 0) out.push(piece, "\r\n");
  };
  let index = 0;
  for (let at = 0; at < data.length; at += chunkBytes) chunk(data.subarray(at, at + chunkBytes), index++);
  chunk(new Uint8Array(0), index);
  for (const [name, value] of trailers) out.push(`${name}:${value}\r\n`);
  if (signing !== null && trailers.length > 0) {
    const lines = trailers.map(([name, value]) => `${name}:${value}\n`).join("");
    out.push(`x-amz-trailer-signature:${sign("AWS4-HMAC-SHA256-TRAILER", sha256(lines), spoil === -1)}\r\n`);
  }
  out.push("\r\n");
  return Buffer.concat(out.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
}
