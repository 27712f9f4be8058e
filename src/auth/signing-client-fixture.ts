/** A client for tests: requests, a signer and an aws-chunked encoder written straight from AWS's description. */

import { createHash, createHmac } from "node:crypto";
import type { HttpRequest } from "../model/http.ts";
import type { ChunkSigning } from "./body-plan.ts";

/** AWS's documented example credentials; every published signature is made with them. */
export const accessKeyId = "AKIAIOSFODNN7EXAMPLE";
export const secretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
export const timestamp = "20130524T000000Z";
export const nowMs = Date.UTC(2013, 4, 24);
export const scope = "20130524/us-east-1/s3/aws4_request";
export const emptySha256 = createHash("sha256").digest("hex");

export const lookup = (id: string) => (id === accessKeyId ? { secretAccessKey } : undefined);

export interface Parts {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request as a front would make it. */
export function requestOf({ method = "GET", path = "/", query = "", headers = {} }: Parts): HttpRequest {
  const map = new Map(Object.entries(headers));
  return {
    method,
    rawPath: path,
    rawQuery: query,
    headers: { get: (name) => map.get(name), has: (name) => map.has(name), entries: () => map.entries() },
    remoteAddress: "127.0.0.1",
    secure: false,
    body: { contentLength: 0, consume: (sink) => sink.end(), pause: () => {}, resume: () => {} },
  };
}

const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const hmac = (key: string | Uint8Array, text: string): Buffer => createHmac("sha256", key).update(text).digest();

export function signingKeyOf(keyScope: string, secret = secretAccessKey): Buffer {
  return keyScope.split("/").reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`));
}

export interface SignOptions {
  /** Path and query as the client canonicalises them; the wire's own when left out. */
  readonly canonicalPath?: string;
  readonly canonicalQuery?: string;
  /** Names to sign; all headers when left out. */
  readonly signed?: readonly string[];
  readonly secret?: string;
  readonly scope?: string;
  readonly id?: string;
  /** Of the body, for services that do not want it in x-amz-content-sha256, which is then not added. */
  readonly payloadHash?: string;
}

function signatureOf(parts: Parts, payloadHash: string, time: string, options: SignOptions): string {
  const headers = parts.headers ?? {};
  const names = [...(options.signed ?? Object.keys(headers))].sort();
  const lines = names.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}\n`);
  const canonical = [
    parts.method ?? "GET",
    options.canonicalPath ?? parts.path ?? "/",
    options.canonicalQuery ?? parts.query ?? "",
    lines.join(""),
    names.join(";"),
    payloadHash,
  ].join("\n");
  const keyScope = options.scope ?? scope;
  const text = ["AWS4-HMAC-SHA256", time, keyScope, sha256(canonical)].join("\n");
  return hmac(signingKeyOf(keyScope, options.secret), text).toString("hex");
}

/** Signs in the Authorization header; adds host, x-amz-date and x-amz-content-sha256 (of no bytes) where absent. */
export function signedParts(parts: Parts, options: SignOptions = {}): Parts & { headers: Record<string, string> } {
  const headers: Record<string, string> = {
    host: "s3.example.com",
    "x-amz-date": timestamp,
    ...(options.payloadHash === undefined ? { "x-amz-content-sha256": emptySha256 } : {}),
    ...parts.headers,
  };
  const names = [...(options.signed ?? Object.keys(headers))].sort();
  const payloadHash = options.payloadHash ?? headers["x-amz-content-sha256"] ?? "";
  const time = headers["x-amz-date"] ?? timestamp;
  const signature = signatureOf({ ...parts, headers }, payloadHash, time, { ...options, signed: names });
  const credential = `${options.id ?? accessKeyId}/${options.scope ?? scope}`;
  headers["authorization"] =
    `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { ...parts, headers };
}

export function signedRequest(parts: Parts, options: SignOptions = {}): HttpRequest {
  return requestOf(signedParts(parts, options));
}

/** Signs in the query; `words` replace or add query words, already encoded and in canonical order after sorting. */
export function presignedParts(
  parts: Parts,
  words: Readonly<Record<string, string | null>> = {},
  options: SignOptions = {},
): Parts {
  const headers: Record<string, string> = { host: "s3.example.com", ...parts.headers };
  const names = [...(options.signed ?? ["host"])].sort();
  const all: Record<string, string | null> = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": encodeURIComponent(`${options.id ?? accessKeyId}/${options.scope ?? scope}`),
    "X-Amz-Date": timestamp,
    "X-Amz-Expires": "86400",
    "X-Amz-SignedHeaders": encodeURIComponent(names.join(";")),
    ...words,
  };
  const query = Object.keys(all)
    .sort()
    .flatMap((name) => (all[name] === null ? [] : [`${name}=${all[name]}`]))
    .join("&");
  const payloadHash =
    options.payloadHash ?? words["X-Amz-Content-Sha256"] ?? headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD";
  const time = all["X-Amz-Date"] ?? timestamp;
  const signature = signatureOf({ ...parts, headers, query }, payloadHash, time, { ...options, signed: names });
  return { ...parts, headers, query: `${query}&X-Amz-Signature=${signature}` };
}

/** What chunk signatures are made with, for a given seed. */
export function chunkSigning(seedSignature: string): ChunkSigning {
  return { signingKey: signingKeyOf(scope), seedSignature, timestamp, scope };
}

export interface ChunkedBody {
  readonly chunks: readonly Uint8Array[];
  /** null = unsigned. */
  readonly seed: string | null;
  readonly trailers?: readonly (readonly [name: string, value: string])[];
  readonly secret?: string;
}

/** The aws-chunked form of a body: given chunks, then the empty one, then the trailers, signed when there is a seed. */
export function encodeAwsChunked({ chunks, seed, trailers = [], secret }: ChunkedBody): Buffer {
  const key = signingKeyOf(scope, secret);
  let previous = seed ?? "";
  const sign = (kind: string, covered: string): string => {
    previous = hmac(key, [`AWS4-HMAC-SHA256-${kind}`, timestamp, scope, previous, covered].join("\n")).toString("hex");
    return previous;
  };
  const pieces: (string | Uint8Array)[] = [];
  for (const chunk of [...chunks, new Uint8Array(0)]) {
    const extension = seed === null ? "" : `;chunk-signature=${sign("PAYLOAD", `${emptySha256}\n${sha256(chunk)}`)}`;
    pieces.push(`${chunk.length.toString(16)}${extension}\r\n`);
    if (chunk.length > 0) pieces.push(chunk, "\r\n");
  }
  for (const [name, value] of trailers) pieces.push(`${name}:${value}\r\n`);
  if (seed !== null && trailers.length > 0) {
    const lines = trailers.map(([name, value]) => `${name}:${value}\n`).sort();
    pieces.push(`x-amz-trailer-signature:${sign("TRAILER", sha256(lines.join("")))}\r\n`);
  }
  pieces.push("\r\n");
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece as string)));
}
