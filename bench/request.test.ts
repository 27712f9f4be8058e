/** The signer against AWS's own: requests of the JavaScript SDK are signed again and must come out the same. */

import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import test from "ava";
import { authorization, canonicalQuery, hostHeader, objectPath, sha256, signedHead, signedRequest } from "./request.ts";

interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const region = "eu-central-7";

async function signedBySdk(send: (client: S3Client) => Promise<unknown>, sessionToken?: string): Promise<SdkRequest> {
  let sent: SdkRequest | undefined;
  const client = new S3Client({
    region,
    endpoint: "https://s3.example.com",
    forcePathStyle: true,
    credentials: { ...credentials, ...(sessionToken === undefined ? {} : { sessionToken }) },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: SdkRequest) => {
        sent = request;
        throw new Error("captured");
      },
    } as never,
  });
  await send(client).catch((error: Error) => {
    if (error.message !== "captured") throw error;
  });
  if (sent === undefined) throw new Error("nothing was sent");
  return sent;
}

/** Signs what the SDK signed. */
function signedAgain(sdk: SdkRequest, query: string): string {
  const names = /SignedHeaders=([^,]+)/.exec(sdk.headers["authorization"] ?? "")?.[1]?.split(";") ?? [];
  const headers = Object.fromEntries(names.map((name) => [name, sdk.headers[name] ?? ""]));
  return authorization({ method: sdk.method, path: sdk.path, query, headers }, { ...credentials, region });
}

const Bucket = "bench";
const Key = "troupe-bench-00/size-4096/k 1+(é)*'!~/=&";

test("the SDK's signature of a PUT, a GET and a DELETE of many", async (t) => {
  const Body = Buffer.from("hello");
  const sends: ((client: S3Client) => Promise<unknown>)[] = [
    (s3) => s3.send(new PutObjectCommand({ Bucket, Key, Body, Metadata: { a: "two  spaces", b: "x" } })),
    (s3) => s3.send(new GetObjectCommand({ Bucket, Key, Range: "bytes=0-9" })),
    (s3) => s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } })),
  ];
  for (const send of sends) {
    const sdk = await signedBySdk(send);
    const { "x-id": id, ...rest } = sdk.query;
    const query = canonicalQuery({ ...rest, ...(id === undefined ? {} : { "x-id": id }) });
    t.is(signedAgain(sdk, query), sdk.headers["authorization"] ?? "");
    if (sdk.method !== "POST") t.is(objectPath(Bucket, Key), sdk.path);
  }
});

test("the SDK's signature of a listing, its query escaped and sorted", async (t) => {
  const list = new ListObjectsV2Command({ Bucket, Prefix: "a/b c+*", MaxKeys: 1000, ContinuationToken: "x=/y" });
  const sdk = await signedBySdk((s3) => s3.send(list));
  const words = { prefix: "a/b c+*", "list-type": "2", "max-keys": "1000", "continuation-token": "x=/y" };
  t.is(signedAgain(sdk, canonicalQuery(words)), sdk.headers["authorization"] ?? "");
  t.is(objectPath(Bucket), sdk.path.replace(/\/$/, ""));
});

test("the SDK's signature with temporary credentials", async (t) => {
  const sdk = await signedBySdk((s3) => s3.send(new GetObjectCommand({ Bucket, Key })), "a/session+token==");
  t.is(sdk.headers["x-amz-security-token"], "a/session+token==");
  t.is(signedAgain(sdk, canonicalQuery(sdk.query)), sdk.headers["authorization"] ?? "");
});

test("a request as it is sent", (t) => {
  const target = { host: "127.0.0.1", port: 9000, ...credentials, region };
  const body = Buffer.from("0123456789");
  const text = signedRequest(target, "PUT", "/bench/key", "", body).toString("latin1");
  t.regex(text, /^PUT \/bench\/key HTTP\/1\.1\r\nhost: 127\.0\.0\.1:9000\r\n[\s\S]*\r\n\r\n0123456789$/);
  t.true(text.includes(`\r\nx-amz-content-sha256: ${sha256(body)}\r\n`));
  t.true(text.includes("\r\ncontent-length: 10\r\n"));
  const head = signedHead(
    { ...target, sessionToken: "token" },
    { method: "GET", path: "/bench", query: "list-type=2", payloadHash: sha256("") },
  ).toString();
  t.regex(head, /^GET \/bench\?list-type=2 HTTP\/1\.1\r\n/);
  t.regex(head, /SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,/);
  t.false(head.includes("content-length"));
});

test("the Host header leaves out the scheme's own port", (t) => {
  t.is(hostHeader({ host: "s3.example.com", port: 443, tls: { isUnverified: false } }), "s3.example.com");
  t.is(hostHeader({ host: "s3.example.com", port: 443 }), "s3.example.com:443");
  t.is(hostHeader({ host: "s3.example.com", port: 80 }), "s3.example.com");
  t.is(hostHeader({ host: "::1", port: 9000 }), "[::1]:9000");
});
