/** A signer for tests, written from AWS's "Create a signed AWS API request". */

import { createHash, createHmac } from "node:crypto";

const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const hmac = (key: string | Uint8Array, text: string): Buffer => createHmac("sha256", key).update(text).digest();

export interface ToSign {
  readonly method: string;
  /** As on the wire. */
  readonly path: string;
  /** Sorted and encoded, without "?". */
  readonly query: string;
  readonly host: string;
  readonly bytes: Uint8Array;
  readonly nowMs: number;
  readonly accessKeyId: string;
  readonly secret: string;
}

/** The headers that sign a request, service "s3", region "us-east-1". */
export function signedHeaders(request: ToSign): Record<string, string> {
  const time = new Date(request.nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const headers: Record<string, string> = {
    host: request.host,
    "x-amz-content-sha256": sha256(request.bytes),
    "x-amz-date": time,
  };
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join("");
  const hash = headers["x-amz-content-sha256"];
  const canonical = `${request.method}\n${request.path}\n${request.query}\n${lines}\n${names.join(";")}\n${hash}`;
  const key = scope.split("/").reduce<Buffer>((made, part) => hmac(made, part), Buffer.from(`AWS4${request.secret}`));
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`).toString("hex");
  const credential = `${request.accessKeyId}/${scope}`;
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}
