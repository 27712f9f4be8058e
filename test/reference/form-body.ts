/** A POST form on the wire, signed as AWS's "Browser-based uploads using POST" has it. */

import { signedFields } from "../support/post-form.ts";
import { taggingXml } from "./canned.ts";
import type { Request } from "./state.ts";

const boundary = "----a-form-of-the-reference-model";

const part = (disposition: string, content: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
    content,
    Buffer.from("\r\n"),
  ]);

/** Fields that have other names than the headers of a PutObject. */
function fieldOf([name, value]: readonly [string, string]): readonly [string, string] {
  if (name === "x-amz-acl") return ["acl", value];
  return name === "x-amz-tagging" ? ["tagging", taggingXml([...new URLSearchParams(value)])] : [name, value];
}

export interface FormKeys {
  readonly accessKeyId: string;
  readonly secret: string;
}

/** @param keys of who signs; null: nobody does */
export function formBody(
  { key, headers, body, form }: Request,
  bucket: string,
  keys: FormKeys | null,
): { readonly headers: Record<string, string>; readonly body: Buffer } {
  const { origin, ...fieldHeaders } = headers;
  const { filename = null, answer = "", fault = null } = form ?? {};
  const action =
    answer === "redirect" ? { success_action_redirect: "https://a.example/done" } : { success_action_status: answer };
  const fields: Record<string, string> = {
    key: filename === null ? key : `${key.slice(0, -filename.length)}\${filename}`,
    ...(answer === "" ? {} : action),
    ...Object.fromEntries(Object.entries(fieldHeaders).map(fieldOf)),
  };
  const { key: _key, ...others } = fields;
  const extra: Record<string, string> = fault === "a field too many" ? { "x-amz-meta-extra": "1" } : {};
  const ranges =
    fault === "too small"
      ? [["content-length-range", body.length + 1, body.length + 9]]
      : fault === "too large"
        ? [["content-length-range", 0, body.length - 1]]
        : [["content-length-range", 0, body.length]];
  const conditions = [
    { bucket },
    fault === "another key" ? { key: `${key}!` } : ["starts-with", "$key", key.slice(0, 1)],
    ...Object.entries(others).map(([name, value]) => ({ [name]: value })),
    ...ranges,
  ];
  const signed =
    keys === null ? {} : signedFields({ conditions, expiresMs: fault === "expired" ? -60_000 : 600_000, ...keys });
  const parts = Object.entries({ ...fields, ...extra, ...signed }).map(([name, value]) =>
    part(`name="${name}"`, Buffer.from(value)),
  );
  return {
    headers: {
      "content-type": `multipart/form-data; boundary=${boundary}`,
      ...(origin === undefined ? {} : { origin }),
    },
    body: Buffer.concat([
      ...parts,
      part(`name="file"; filename="${filename ?? "f"}"`, body),
      Buffer.from(`--${boundary}--\r\n`),
    ]),
  };
}
