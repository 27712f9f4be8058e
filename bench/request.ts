/** Signed requests as ready-made bytes: the driver spends its time on sending, not on signing. Source: AWS SigV4. */

import { createHash, createHmac } from "node:crypto";

/** An S3 server and the credentials for it; plain data. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Default: us-east-1. */
  readonly region?: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
  /** How to speak TLS; left out: plain HTTP. */
  readonly tls?: { readonly isUnverified: boolean };
}

export const defaultRegion = "us-east-1";

/** Hash of a payload whose bytes are not covered by the signature. */
export const unsignedPayload = "UNSIGNED-PAYLOAD";

export const sha256 = (data: Uint8Array | string): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: Uint8Array | string, data: string): Buffer => createHmac("sha256", key).update(data).digest();

/** One character in UTF-8 as the canonical forms want it: all but RFC 3986's unreserved characters escaped. */
const escapeText = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** @returns the path of a bucket, or of a key in it, as it is sent and signed */
export function objectPath(bucket: string, key = ""): string {
  return `/${[bucket, ...(key === "" ? [] : key.split("/"))].map(escapeText).join("/")}`;
}

/** @returns the canonical query, which is sent as it is signed */
export function canonicalQuery(words: Readonly<Record<string, string>>): string {
  return Object.keys(words)
    .sort()
    .map((name) => `${escapeText(name)}=${escapeText(words[name] ?? "")}`)
    .join("&");
}

/** All that a signature covers. */
export interface SignedParts {
  readonly method: string;
  /** As on the wire. */
  readonly path: string;
  /** Canonical. */
  readonly query: string;
  /** Every header that is signed, host, x-amz-date (YYYYMMDDTHHMMSSZ) and x-amz-content-sha256 among them; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** @returns the value of the Authorization header */
export function authorization(
  parts: SignedParts,
  target: Pick<Target, "accessKeyId" | "secretAccessKey" | "region">,
): string {
  const { method, path, query, headers } = parts;
  const region = target.region ?? defaultRegion;
  const timestamp = headers["x-amz-date"] ?? "";
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]?.trim().replace(/ +/g, " ")}\n`).join("");
  const payload = headers["x-amz-content-sha256"] ?? "";
  const canonical = [method, path, query, lines, names.join(";"), payload].join("\n");
  const scope = `${timestamp.slice(0, 8)}/${region}/s3/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", timestamp, scope, sha256(canonical)].join("\n");
  const signature = createHmac("sha256", signingKey(target.secretAccessKey, timestamp.slice(0, 8), region));
  return `AWS4-HMAC-SHA256 Credential=${target.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature.update(toSign).digest("hex")}`;
}

let lastKey: { readonly name: string; readonly key: Buffer } = { name: "", key: Buffer.alloc(0) };

/** The key of a day; the last one is kept. */
function signingKey(secret: string, date: string, region: string): Buffer {
  const name = `${date}/${region}/${secret}`;
  if (lastKey.name !== name)
    lastKey = { name, key: hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), "s3"), "aws4_request") };
  return lastKey.key;
}

/** The value of the Host header: the port only when it is not the scheme's own. */
export function hostHeader(target: Pick<Target, "host" | "port" | "tls">): string {
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  return target.port === (target.tls ? 443 : 80) ? host : `${host}:${target.port}`;
}

export interface HeadOptions {
  readonly method: string;
  /** As on the wire. */
  readonly path: string;
  /** Canonical. */
  readonly query?: string;
  readonly bodyBytes?: number;
  /** Lower-case hex, or `unsignedPayload`. */
  readonly payloadHash: string;
  /** Headers to send and sign beside SigV4's own; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** @returns all headers of a signed request, names in lower case; valid for 15 minutes */
export function signedHeaders(target: Target, options: HeadOptions): Record<string, string> {
  const { method, path, query = "", bodyBytes = 0, payloadHash, headers } = options;
  const signed = {
    host: hostHeader(target),
    "x-amz-content-sha256": payloadHash,
    "x-amz-date": new Date().toISOString().replace(/[-:]|\.\d{3}/g, ""),
    ...(target.sessionToken === undefined ? {} : { "x-amz-security-token": target.sessionToken }),
    ...headers,
  };
  const value = authorization({ method, path, query, headers: signed }, target);
  const length = method === "PUT" || method === "POST" ? { "content-length": String(bodyBytes) } : {};
  return { ...signed, authorization: value, ...length };
}

/** @returns request line and headers of a signed request; valid for 15 minutes */
export function signedHead(target: Target, options: HeadOptions): Buffer {
  const { method, path, query = "" } = options;
  const lines = Object.entries(signedHeaders(target, options)).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(
    `${method} ${path}${query === "" ? "" : `?${query}`} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`,
    "latin1",
  );
}

/** @returns head and body of one request signed in its headers, payload included; valid for 15 minutes. `query` is canonical already. */
export function signedRequest(target: Target, method: string, path: string, query: string, body: Buffer): Buffer {
  const options = { method, path, query, bodyBytes: body.length, payloadHash: sha256(body) };
  return Buffer.concat([signedHead(target, options), body]);
}
