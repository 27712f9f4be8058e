/** Requests of the model on the wire, and the server's answers read back. */

import { createHash } from "node:crypto";
import { encodeRfc3986, type S3Answer, type S3Client } from "../support/s3-client.ts";
import { sendPlain } from "../support/signed-request.ts";
import { bucketWord } from "./document-forms.ts";
import { type FormKeys, formBody } from "./form-body.ts";
import { routes } from "./routes.ts";
import type { Request } from "./state.ts";
import type { Requester } from "./vocabulary.ts";

/** An XML element: text of its own, or children. */
export interface Element {
  readonly name: string;
  readonly children: readonly Element[];
  readonly text: string;
}

export interface Observed {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  readonly xml: Element | null;
}

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? character);

function bodyOf(request: Request): Buffer {
  switch (request.operation) {
    case "CompleteMultipartUpload": {
      const parts = (request.parts ?? []).map(({ number, etag, checksum }) => {
        const own =
          checksum === null ? "" : `<Checksum${checksum.algorithm}>${checksum.value}</Checksum${checksum.algorithm}>`;
        return `<Part><PartNumber>${number}</PartNumber><ETag>${escaped(etag)}</ETag>${own}</Part>`;
      });
      return Buffer.from(`<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`);
    }
    case "DeleteObjects": {
      const objects = (request.objects ?? []).map(({ key, versionId, etag }) => {
        const version = versionId === undefined ? "" : `<VersionId>${escaped(versionId)}</VersionId>`;
        const condition = etag === undefined ? "" : `<ETag>${escaped(etag)}</ETag>`;
        return `<Object><Key>${escaped(key)}</Key>${version}${condition}</Object>`;
      });
      return Buffer.from(
        `<Delete>${request.isQuiet === true ? "<Quiet>true</Quiet>" : ""}${objects.join("")}</Delete>`,
      );
    }
    case "PutBucketVersioning": {
      const status = request.query["status"] ?? "";
      return Buffer.from(`<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`);
    }
    default:
      return request.body;
  }
}

const needsDigest = (request: Request): boolean =>
  request.choice !== undefined || request.operation === "DeleteObjects" || request.operation === "PutBucketVersioning";

/** Clients of the accounts that send requests. */
export interface Clients {
  readonly endpoint: string;
  readonly keys: Readonly<Record<Exclude<Requester, "anonymous">, FormKeys>>;
  readonly owner: S3Client;
  readonly limited: S3Client;
  readonly stranger: S3Client;
}

/** Rejects when no answer came. */
export async function send(clients: Clients, bucket: string, request: Request): Promise<Observed> {
  const [method, words] = routes[request.operation];
  const { who = "owner" } = request;
  const { status: _status, ...query } = request.query;
  const isPolicy = request.operation === "PutBucketPolicy";
  const body = isPolicy ? Buffer.from(request.body.toString().replaceAll(bucketWord, bucket)) : bodyOf(request);
  const headers: Record<string, string> = { ...request.headers };
  if (needsDigest(request)) headers["content-md5"] = createHash("md5").update(body).digest("base64");
  const source = headers["x-amz-copy-source"];
  if (source?.startsWith("/")) headers["x-amz-copy-source"] = bucket + source;
  if (request.operation === "PostObject") {
    const form = formBody(request, bucket, who === "anonymous" ? null : clients.keys[who]);
    return observed(await sendPlain(clients.endpoint, { method, target: `/${bucket}`, ...form }));
  }
  const path = request.key === "" ? `/${bucket}` : `/${bucket}/${request.key}`;
  const hasBody = method === "PUT" || method === "POST";
  const sent = { query: { ...words, ...query }, headers, ...(hasBody ? { body } : {}) };
  const client = who === "anonymous" || request.operation === "Preflight" ? null : clients[who];
  const answer =
    client !== null
      ? await client.send(method, path, sent)
      : await sendPlain(clients.endpoint, { method, target: targetOf(path, sent.query), ...sent });
  if (request.operation !== "GetBucketPolicy" || answer.status !== 200) return observed(answer);
  return observed({ ...answer, body: Buffer.from(answer.body.toString().replaceAll(bucket, bucketWord)) });
}

function targetOf(path: string, query: Readonly<Record<string, string>>): string {
  const words = Object.entries(query).map(([name, value]) => `${encodeRfc3986(name)}=${encodeRfc3986(value)}`);
  const encoded = path.split("/").map(encodeRfc3986).join("/");
  return words.length === 0 ? encoded : `${encoded}?${words.join("&")}`;
}

function observed({ status, headers, body }: S3Answer): Observed {
  const isXml = headers["content-type"] === "application/xml" && body.length > 0;
  return {
    status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    bytes: body,
    xml: isXml ? parseXml(body.toString()) : null,
  };
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const unescaped = (text: string): string =>
  text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (_whole, name: string) => {
    if (name.startsWith("#x")) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith("#")) return String.fromCodePoint(Number(name.slice(1)));
    return entities[name] ?? "";
  });

/** Enough XML for answers: elements, attributes that mean nothing, and text. */
export function parseXml(text: string): Element | null {
  const root: { children: Element[] } = { children: [] };
  const open: { name: string; children: Element[]; text: string }[] = [{ name: "", text: "", ...root }];
  for (const [, closing, name, empty, content] of text.matchAll(/<(\/)?([\w:]+)[^>]*?(\/)?>([^<]*)/g)) {
    const parent = open.at(-1);
    if (parent === undefined || name === undefined) return null;
    if (closing === undefined) {
      const element = { name, children: [], text: unescaped(content ?? "") };
      parent.children.push(element);
      if (empty === undefined) open.push(element);
    } else open.pop();
  }
  return open[0]?.children[0] ?? null;
}
