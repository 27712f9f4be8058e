/** Presigned URLs of the suites' own making. Source: AWS "Authenticating requests: using query parameters". */

import { createHash, createHmac } from "node:crypto";
import { encodeRfc3986 } from "./s3-client.ts";

export interface PresignOptions {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly expiresSeconds?: number;
  /** Value of X-Amz-Content-Sha256; default: the word is left out. */
  readonly payload?: string;
}

/**
 * @param path "/bucket/key", undecoded
 * @param words more of the query, encoded, sorted and in lower case at their start: "partNumber=1&uploadId=x"
 * @returns path and query of the signed URL; only `host` is signed
 */
export function presign(options: PresignOptions, method: string, path: string, words = ""): string {
  const hmac = (key: Uint8Array | string, data: string): Buffer => createHmac("sha256", key).update(data).digest();
  const timestamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
  const scope = `${timestamp.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const rawPath = path.split("/").map(encodeRfc3986).join("/");
  const own = [
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ...(options.payload === undefined ? [] : [["X-Amz-Content-Sha256", options.payload]]),
    ["X-Amz-Credential", `${options.accessKeyId}/${scope}`],
    ["X-Amz-Date", timestamp],
    ["X-Amz-Expires", String(options.expiresSeconds ?? 900)],
    ["X-Amz-SignedHeaders", "host"],
  ]
    .map(([name = "", value = ""]) => `${name}=${encodeRfc3986(value)}`)
    .join("&");
  const query = words === "" ? own : `${own}&${words}`;
  const canonical = [
    method,
    rawPath,
    query,
    `host:${new URL(options.endpoint).host}\n`,
    "host",
    options.payload ?? "UNSIGNED-PAYLOAD",
  ].join("\n");
  const digest = createHash("sha256").update(canonical).digest("hex");
  const key = hmac(
    hmac(hmac(hmac(`AWS4${options.secretAccessKey}`, timestamp.slice(0, 8)), "us-east-1"), "s3"),
    "aws4_request",
  );
  const signature = createHmac("sha256", key)
    .update(["AWS4-HMAC-SHA256", timestamp, scope, digest].join("\n"))
    .digest("hex");
  return `${rawPath}?${query}&X-Amz-Signature=${signature}`;
}
