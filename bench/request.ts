/** Signed requests as ready-made bytes: the driver spends its time on sending, not on signing. Source: AWS SigV4. */

import { createHash, createHmac } from "node:crypto";

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const sha256 = (data: Uint8Array | string): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: Uint8Array | string, data: string): Buffer => createHmac("sha256", key).update(data).digest();

/** @returns head and body of one request signed in its headers, payload included; valid for 15 minutes. `query` is canonical already. */
export function signedRequest(target: Target, method: string, path: string, query: string, body: Buffer): Buffer {
  const timestamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
  const scope = `${timestamp.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const host = `${target.host}:${target.port}`;
  const payload = sha256(body);
  const headers = `host:${host}\nx-amz-content-sha256:${payload}\nx-amz-date:${timestamp}\n`;
  const names = "host;x-amz-content-sha256;x-amz-date";
  const canonical = [method, path, query, headers, names, payload].join("\n");
  const key = hmac(
    hmac(hmac(hmac(`AWS4${target.secretAccessKey}`, timestamp.slice(0, 8)), "us-east-1"), "s3"),
    "aws4_request",
  );
  const toSign = ["AWS4-HMAC-SHA256", timestamp, scope, sha256(canonical)].join("\n");
  const signature = createHmac("sha256", key).update(toSign).digest("hex");
  const head = [
    `${method} ${path}${query === "" ? "" : `?${query}`} HTTP/1.1`,
    `Host: ${host}`,
    `x-amz-content-sha256: ${payload}`,
    `x-amz-date: ${timestamp}`,
    `Authorization: AWS4-HMAC-SHA256 Credential=${target.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    ...(method === "PUT" ? [`Content-Length: ${body.length}`] : []),
    "",
    "",
  ].join("\r\n");
  return Buffer.concat([Buffer.from(head), body]);
}
