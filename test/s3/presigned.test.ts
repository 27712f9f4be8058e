/** Every operation on objects through a URL that the SDK presigned: whoever has the URL sends it as it is. */

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { ExecutionContext } from "ava";
import { eachFront, element, outcome, refusal, type Stand, someBytes } from "../support/each-front.ts";
import type { S3Answer } from "../support/s3-client.ts";

const test = eachFront();

/** Any command of the SDK: their types have nothing in common that the presigner would take. */
interface Command {
  readonly middlewareStack: object;
}

interface Presigned {
  readonly method: string;
  readonly target: string;
  /** What the SDK would have sent beside the URL: headers it signed, and the XML of the command. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** The URL, and the rest of the request that it belongs to. */
async function presign(s3: S3Client, command: Command): Promise<Presigned> {
  let request = { method: "", body: undefined as string | undefined, headers: {} as Record<string, string> };
  const spy = (next: (from: { request: unknown }) => unknown) => async (from: { request: unknown }) => {
    request = from.request as typeof request;
    return next(from);
  };
  // The presigner has no way to give the method and the body, which the URL's holder has to know.
  const presigned = command as GetObjectCommand;
  presigned.middlewareStack.add(spy as never, { step: "build", priority: "low", name: "spy", override: true });
  const url = new URL(await getSignedUrl(s3, presigned, { expiresIn: 300 }));
  const signed = (url.searchParams.get("X-Amz-SignedHeaders") ?? "").split(";");
  const kept = Object.entries(request.headers).filter(
    ([name]) => signed.includes(name) && name !== "host" && name !== "content-length",
  );
  return {
    method: request.method,
    target: url.pathname + url.search,
    headers: Object.fromEntries(kept),
    body: request.body,
  };
}

interface Sending {
  readonly body?: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function use({ s3, plain }: Stand, command: Command, sending: Sending = {}): Promise<S3Answer> {
  const { method, target, headers, body } = await presign(s3, command);
  const sent = sending.body ?? body;
  return plain({
    method,
    target,
    headers: { ...headers, ...sending.headers },
    ...(sent === undefined ? {} : { body: sent }),
  });
}

const isOk = (t: ExecutionContext, answer: S3Answer, status = 200): void => {
  t.is(outcome(answer), String(status));
};

test("presigned_PutObject_hoisted_metadata_tags_and_class_are_stored", async (t, stand) => {
  const { s3, bucket } = stand;
  const place = { Bucket: bucket, Key: "k ü+" };
  const command = new PutObjectCommand({
    ...place,
    Metadata: { a: "1 2" },
    Tagging: "x=1&y=2",
    StorageClass: "STANDARD_IA",
    WebsiteRedirectLocation: "/z",
  });
  const sending = { body: "hello", headers: { "content-type": "text/x", "cache-control": "no-store" } };
  isOk(t, await use(stand, command, sending));
  const got = await s3.send(new GetObjectCommand(place));
  t.is(await got.Body?.transformToString(), "hello");
  t.like(got, {
    Metadata: { a: "1 2" },
    TagCount: 2,
    StorageClass: "STANDARD_IA",
    WebsiteRedirectLocation: "/z",
    ContentType: "text/x",
    CacheControl: "no-store",
  });
});

test("presigned_PutObject_checksum_of_no_bytes_is_ignored_any_other_is_verified", async (t, stand) => {
  const { s3, bucket, plain } = stand;
  const place = { Bucket: bucket, Key: "k" };
  const blank = await presign(s3, new PutObjectCommand(place));
  t.regex(blank.target, /x-amz-checksum-crc32=AAAAAA%3D%3D/);
  isOk(t, await plain({ ...blank, body: "anything" }));
  isOk(t, await plain({ ...blank, body: "" }));
  const known = await presign(s3, new PutObjectCommand({ ...place, Body: "hello" }));
  t.is(outcome(await plain({ ...known, body: "hellO" })), "400 BadDigest");
  t.is((await s3.send(new HeadObjectCommand(place))).ContentLength, 0);
  const stored = await plain({ ...known, body: "hello" });
  isOk(t, stored);
  t.is(stored.headers["x-amz-checksum-crc32"], "NhCmhg==");
});

test("presigned_PutObject_hoisted_header_refused_400_or_501", async (t, stand) => {
  const { s3, bucket } = stand;
  const place = { Bucket: bucket, Key: "k" };
  const refused = async (more: object) =>
    outcome(await use(stand, new PutObjectCommand({ ...place, ...more }), { body: "x" }));
  t.is(await refused({ ACL: "everyone" }), "400 InvalidArgument");
  t.is(await refused({ ServerSideEncryption: "aws:kms:dsse" }), "501 NotImplemented");
  t.is(await refused({ Tagging: "a=1&a=2" }), "400 InvalidArgument");
  t.is(await refused({ Metadata: { a: "x".repeat(2048) } }), "400 MetadataTooLarge");
  t.is(await refused({ ExpectedBucketOwner: "999999999999" }), "403 AccessDenied");
  t.is(await refusal(s3.send(new HeadObjectCommand(place))), "404 NotFound");
});

test("presigned_PutObject_conditions_are_signed_headers", async (t, stand) => {
  const place = { Bucket: stand.bucket, Key: "k" };
  const create = () => use(stand, new PutObjectCommand({ ...place, IfNoneMatch: "*" }), { body: "x" });
  isOk(t, await create());
  t.is(outcome(await create()), "412 PreconditionFailed");
});

test("presigned_PutObject_tampered_query_403", async (t, { s3, bucket, plain }) => {
  const { method, target } = await presign(
    s3,
    new PutObjectCommand({ Bucket: bucket, Key: "k", Metadata: { a: "1" } }),
  );
  for (const changed of [target.replace("x-amz-meta-a=1", "x-amz-meta-a=2"), `${target}&x-amz-meta-b=1`])
    t.is(outcome(await plain({ method, target: changed, body: "x" })), "403 SignatureDoesNotMatch");
  const unsigned = { "x-amz-meta-b": "1" };
  t.is(outcome(await plain({ method, target, headers: unsigned, body: "x" })), "403 AccessDenied");
  t.is(await refusal(s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "k" }))), "404 NotFound");
});

test("presigned_GetObject_HeadObject_and_GetObjectAttributes", async (t, stand) => {
  const { s3, bucket } = stand;
  const place = { Bucket: bucket, Key: "k" };
  await s3.send(new PutObjectCommand({ ...place, Body: "0123456789", ContentType: "a/b" }));
  const got = await use(
    stand,
    new GetObjectCommand({
      ...place,
      ResponseContentType: "c/d",
      ResponseContentDisposition: 'attachment; filename="ü"',
    }),
  );
  isOk(t, got);
  t.is(got.headers["content-type"], "c/d");
  t.regex(String(got.headers["content-disposition"]), /^attachment; filename=/);
  const part = await use(stand, new GetObjectCommand({ ...place, Range: "bytes=2-3" }));
  isOk(t, part, 206);
  t.is(String(part.body), "23");
  const head = await use(stand, new HeadObjectCommand({ ...place, ChecksumMode: "ENABLED" }));
  isOk(t, head);
  t.truthy(head.headers["x-amz-checksum-crc32"]);
  const attributes = await use(
    stand,
    new GetObjectAttributesCommand({ ...place, ObjectAttributes: ["ObjectSize", "Checksum"] }),
  );
  isOk(t, attributes);
  t.is(element(attributes, "ObjectSize"), "10");
  t.truthy(element(attributes, "ChecksumCRC32"));
  const owner = new GetObjectCommand({ ...place, ExpectedBucketOwner: "999999999999" });
  t.is(outcome(await use(stand, owner)), "403 AccessDenied");
});

test("presigned_CopyObject_DeleteObject_and_DeleteObjects", async (t, stand) => {
  const { s3, bucket } = stand;
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "from", Body: "x", Metadata: { a: "1" } }));
  const copy = { Bucket: bucket, CopySource: `${bucket}/from` };
  isOk(t, await use(stand, new CopyObjectCommand({ ...copy, Key: "kept" })));
  const replace = { MetadataDirective: "REPLACE", Metadata: { b: "2" } } as const;
  isOk(t, await use(stand, new CopyObjectCommand({ ...copy, ...replace, Key: "replaced" })));
  t.like(await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "kept" })), { Metadata: { a: "1" } });
  t.like(await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "replaced" })), { Metadata: { b: "2" } });
  const mismatch = new CopyObjectCommand({ ...copy, Key: "never", CopySourceIfMatch: '"no"' });
  t.is(outcome(await use(stand, mismatch)), "412 PreconditionFailed");
  isOk(t, await use(stand, new DeleteObjectCommand({ Bucket: bucket, Key: "kept" })), 204);
  const many = new DeleteObjectsCommand({
    Bucket: bucket,
    Delete: { Objects: [{ Key: "from" }, { Key: "replaced" }] },
  });
  const { body = "" } = await presign(s3, many);
  t.is(outcome(await use(stand, many, { body: body.replace("from", "form") })), "400 BadDigest");
  isOk(t, await use(stand, many));
  t.is((await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).KeyCount, 0);
});

test("presigned_multipart_upload_from_begin_to_end", async (t, stand) => {
  const { s3, bucket } = stand;
  const place = { Bucket: bucket, Key: "k" };
  const five = someBytes(5 * 1024 * 1024);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "from", Body: five }));
  const begun = await use(stand, new CreateMultipartUploadCommand({ ...place, Metadata: { a: "1" }, Tagging: "x=1" }));
  isOk(t, begun);
  const UploadId = element(begun, "UploadId") ?? "";
  const upload = { ...place, UploadId };
  const copied = await use(
    stand,
    new UploadPartCopyCommand({
      ...upload,
      PartNumber: 1,
      CopySource: `${bucket}/from`,
      CopySourceRange: "bytes=0-5242879",
    }),
  );
  isOk(t, copied);
  const put = await use(stand, new UploadPartCommand({ ...upload, PartNumber: 2 }), { body: "end" });
  isOk(t, put);
  const parts = await use(stand, new ListPartsCommand(upload));
  t.is(element(parts, "Size"), String(five.length));
  t.is(element(await use(stand, new ListMultipartUploadsCommand({ Bucket: bucket })), "UploadId"), UploadId);
  const Parts = [
    { PartNumber: 1, ETag: (element(copied, "ETag") ?? "").replaceAll("&quot;", "") },
    { PartNumber: 2, ETag: String(put.headers["etag"]) },
  ];
  const complete = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
  isOk(t, await use(stand, complete));
  const got = await s3.send(new HeadObjectCommand(place));
  t.like(got, { ContentLength: five.length + 3, Metadata: { a: "1" }, TagCount: 1 });
  const again = await s3.send(new CreateMultipartUploadCommand(place));
  const abort = new AbortMultipartUploadCommand({ ...place, UploadId: again.UploadId });
  isOk(t, await use(stand, abort), 204);
});

test("presigned_listings", async (t, stand) => {
  const { s3, bucket } = stand;
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "a/1", Body: "x" }));
  for (const command of [
    new ListObjectsV2Command({ Bucket: bucket, Prefix: "a/" }),
    new ListObjectsCommand({ Bucket: bucket, Prefix: "a/" }),
  ]) {
    const answer = await use(stand, command);
    isOk(t, answer);
    t.is(element(answer, "Key"), "a/1");
    t.is(answer.headers["x-amz-bucket-region"], "us-east-1");
  }
});
