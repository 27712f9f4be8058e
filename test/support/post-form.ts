/** POST Object forms of the suites' own making. Source: AWS "Browser-based uploads using POST". */

import { createHmac } from "node:crypto";
import { testKeys } from "./node-process.ts";

const { secretAccessKey } = testKeys;

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

interface Signing {
  readonly conditions?: readonly unknown[];
  readonly expiresMs?: number;
  readonly secret?: string;
  readonly accessKeyId?: string;
}

const dated = () => new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");

export function policyText(conditions: readonly unknown[], expiresMs: number): string {
  const expiration = new Date(Date.now() + expiresMs).toISOString();
  return Buffer.from(JSON.stringify({ expiration, conditions })).toString("base64");
}

/** Fields that sign a form, as AWS's page has them. */
export function signedFields({
  conditions = [],
  expiresMs = 60_000,
  secret = secretAccessKey,
  accessKeyId = testKeys.accessKeyId,
}: Signing = {}): Record<string, string> {
  const date = dated();
  const scope = [date.slice(0, 8), "eu-west-3", "s3", "aws4_request"];
  const fields = {
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": `${accessKeyId}/${scope.join("/")}`,
    "x-amz-date": date,
  };
  const policy = policyText(
    [...conditions, ...Object.entries(fields).map(([name, value]) => ({ [name]: value }))],
    expiresMs,
  );
  const key = scope.reduce<Buffer>((sum, part) => hmac(sum, part), Buffer.from(`AWS4${secret}`));
  return { ...fields, policy, "x-amz-signature": hmac(key, policy).toString("hex") };
}

export interface Posted {
  readonly status: number;
  readonly code: string | undefined;
  readonly headers: Headers;
  readonly text: string;
}

/** Sends a form as the platform's own client writes it. */
export async function postForm(
  endpoint: string,
  bucket: string,
  fields: Readonly<Record<string, string>>,
  file: { readonly bytes: string | Uint8Array<ArrayBuffer>; readonly name?: string } | null = { bytes: "hello" },
  headers: Readonly<Record<string, string>> = {},
): Promise<Posted> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (file !== null) form.append("file", new Blob([file.bytes]), file.name ?? "upload.txt");
  const answer = await fetch(`${endpoint}/${bucket}`, { method: "POST", headers, body: form, redirect: "manual" });
  const text = await answer.text();
  return { status: answer.status, code: /<Code>(\w+)/.exec(text)?.[1], headers: answer.headers, text };
}
