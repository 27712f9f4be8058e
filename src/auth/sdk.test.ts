/** Requests signed by AWS's own JavaScript SDK verify: the client's middleware for headers, its presigner for URLs. */

import { Readable } from "node:stream";
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketTaggingCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { systemClock } from "../base/clock.ts";
import type { HttpRequest } from "../model/http.ts";
import { S3Error } from "../s3/errors.ts";
import type { Authenticated } from "./authenticated.ts";
import { BodyDecoder } from "./body-decoder.ts";
import { decodedContentLength } from "./payload.ts";
import { accessKeyId, lookup, requestOf, secretAccessKey } from "./signing-client-fixture.ts";
import { authenticate } from "./sigv4.ts";

interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** As the SDK's HTTP handler writes it on the wire. */
function wireQuery(query: SdkRequest["query"]): string {
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return Object.keys(query)
    .sort()
    .flatMap((name) => [query[name] ?? ""].flat().map((value) => `${encode(name)}=${encode(value)}`))
    .join("&");
}

const silent = { trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A client whose requests are kept in place of being sent. */
function client(): { s3: S3Client; sent: SdkRequest[] } {
  const sent: SdkRequest[] = [];
  const s3 = new S3Client({
    region: "eu-central-7",
    endpoint: "https://s3.example.com",
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
    logger: silent,
    requestHandler: {
      handle: async (request: SdkRequest) => {
        sent.push(request);
        throw new Error("captured");
      },
    } as never,
  });
  return { s3, sent };
}

async function capture(command: Parameters<S3Client["send"]>[0]): Promise<{ request: HttpRequest; sdk: SdkRequest }> {
  const { s3, sent } = client();
  await s3.send(command as never).catch((error: Error) => {
    if (error.message !== "captured") throw error;
  });
  const sdk = sent[0];
  if (sdk === undefined) throw new Error("nothing was sent");
  const headers = Object.fromEntries(Object.entries(sdk.headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { request: requestOf({ method: sdk.method, path: sdk.path, query: wireQuery(sdk.query), headers }), sdk };
}

function verified(t: ExecutionContext, request: HttpRequest): Authenticated {
  const authenticated = authenticate(request, lookup, systemClock.nowMs());
  t.is(authenticated.accessKeyId, accessKeyId);
  const other = t.throws(() => authenticate(request, () => ({ secretAccessKey: "wrong" }), systemClock.nowMs()), {
    instanceOf: S3Error,
  });
  t.is(other?.code, "SignatureDoesNotMatch");
  return authenticated;
}

async function decoded(
  t: ExecutionContext,
  request: HttpRequest,
  payload: Authenticated["payload"],
  body: unknown,
): Promise<string> {
  const decodedBytes = payload.framing.kind === "plain" ? null : decodedContentLength(request.headers);
  const crc32 = request.headers.get("x-amz-checksum-crc32");
  const checksum = crc32 === undefined ? null : ({ algorithm: "CRC32", expected: crc32 } as const);
  const decoder = new BodyDecoder({ ...payload, wireBytes: null, decodedBytes, bytesMax: 1e6, md5: null, checksum });
  const pieces: Buffer[] = [];
  const wire = body instanceof Readable ? body : [Buffer.from(body as string)];
  for await (const piece of wire)
    decoder.push(Buffer.from(piece as string), (bytes) => pieces.push(Buffer.from(bytes)));
  t.truthy(decoder.finish().checksum, "the SDK sends a checksum");
  return Buffer.concat(pieces).toString();
}

const keys = [
  "k",
  "a b+c",
  "a//b",
  "../x/./y",
  "é/日本/😀",
  "a%2Fb",
  "(1)!'*~",
  "?&=#",
  " lead",
  "a\\b",
  "urn:oid:1",
  "@$,;",
];

for (const key of keys) {
  test(`GetObject and PutObject of the key ${JSON.stringify(key)}`, async (t) => {
    const get = await capture(new GetObjectCommand({ Bucket: "b", Key: key, Range: "bytes=0-9" }) as never);
    t.false(verified(t, get.request).presigned);
    const put = await capture(
      new PutObjectCommand({ Bucket: "b", Key: key, Body: "data", Metadata: { a: "x  y", b: "" } }) as never,
    );
    const { payload } = verified(t, put.request);
    t.is(await decoded(t, put.request, payload, put.sdk.body), "data");
  });
}

test("a streamed PutObject and UploadPart, framed and with a checksum in the trailer", async (t) => {
  for (const command of [
    new PutObjectCommand({
      Bucket: "b",
      Key: "k",
      Body: Readable.from([Buffer.from("one"), Buffer.from("two")]),
      ContentLength: 6,
    }),
    new UploadPartCommand({
      Bucket: "b",
      Key: "k",
      UploadId: "u/+=",
      PartNumber: 1,
      Body: Readable.from([Buffer.from("onetwo")]),
      ContentLength: 6,
      ChecksumAlgorithm: "SHA256",
    }),
  ]) {
    const { request, sdk } = await capture(command as never);
    const { payload } = verified(t, request);
    t.like(payload.framing, { kind: "aws-chunked", signing: null });
    t.is(await decoded(t, request, payload, sdk.body), "onetwo");
  }
});

test("listings, sub-resources and XML bodies", async (t) => {
  const commands = [
    new ListObjectsV2Command({
      Bucket: "b",
      Prefix: "a/b c+d*",
      Delimiter: "/",
      StartAfter: "é",
      ContinuationToken: "x=/+",
    }),
    new PutBucketTaggingCommand({ Bucket: "b", Tagging: { TagSet: [{ Key: "k", Value: "v" }] } }),
    new DeleteObjectsCommand({ Bucket: "b", Delete: { Objects: [{ Key: "k" }] } }),
  ];
  for (const command of commands) verified(t, (await capture(command as never)).request);
});

test("presigned URLs, with and without moved headers", async (t) => {
  const { s3 } = client();
  for (const key of keys) {
    for (const command of [
      new GetObjectCommand({ Bucket: "b", Key: key, ResponseContentDisposition: 'attachment; filename="é+ .txt"' }),
      new PutObjectCommand({ Bucket: "b", Key: key, ContentType: "text/plain", Metadata: { a: "b" } }),
    ]) {
      const url = await getSignedUrl(s3, command as never, { expiresIn: 60 });
      const [, host = "", path = "", query = ""] = /^https:\/\/([^/]+)([^?]*)\?(.*)$/.exec(url) ?? [];
      const method = command instanceof GetObjectCommand ? "GET" : "PUT";
      const request = requestOf({ method, path, query, headers: { host } });
      t.true(verified(t, request).presigned);
    }
  }
});

test("any key and prefix verify", async (t) => {
  const { s3, sent } = client();
  const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(text, text, async (key, prefix) => {
      sent.length = 0;
      await s3.send(new GetObjectCommand({ Bucket: "b", Key: key })).catch(() => "captured");
      await s3.send(new ListObjectsV2Command({ Bucket: "b", Prefix: prefix })).catch(() => "captured");
      t.is(sent.length, 2);
      for (const { method, path, query, headers } of sent) {
        const request = requestOf({ method, path, query: wireQuery(query), headers });
        t.is(authenticate(request, lookup, systemClock.nowMs()).accessKeyId, accessKeyId);
      }
    }),
    { numRuns: 60 },
  );
});
