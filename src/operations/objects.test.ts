import test from "ava";
import type { ObjectWritten } from "../bucket/messages.ts";
import type { EncodedAnswer } from "../model/http-binding.ts";
import { firstRequest, perform, refusedWith, viewOf, type World } from "./operations.testing.ts";

const written: ObjectWritten = {
  etag: "5d41402abc4b2a76b9719d911017c592",
  sizeBytes: 5,
  modifiedMs: Date.UTC(2026, 0, 1),
  checksum: { algorithm: "CRC32", value: "NhCmhg==" },
  versionId: null,
};
const putting: World = { bucket: { "object.put": () => written } };
const headersOf = (answer: EncodedAnswer): Record<string, string> => Object.fromEntries(answer.headers);

test("PutObject stores the body by its plan and tells the bucket what was sent with it", async (t) => {
  const headers = {
    "content-type": "text/plain",
    "content-encoding": "gzip,aws-chunked",
    "content-md5": "XUFAKrxLKna5cZ2REBfFkg==",
    "x-amz-checksum-crc32": "NhCmhg==",
    "x-amz-sdk-checksum-algorithm": "CRC32",
    "x-amz-meta-colour": "blue",
    "x-amz-storage-class": "STANDARD_IA",
    "x-amz-tagging": "a=1",
    "x-amz-acl": "bucket-owner-full-control",
    "if-none-match": "*",
    expires: "never",
  };
  const { answer, sent } = await perform("PutObject", { method: "PUT", headers, body: "hello" }, putting);
  t.is(answer.status, 200);
  t.deepEqual(headersOf(answer), {
    etag: `"${written.etag}"`,
    "x-amz-checksum-crc32": "NhCmhg==",
    "x-amz-checksum-type": "FULL_OBJECT",
  });
  t.is(answer.body, null);
  const [plan] = sent.plans;
  t.is(plan?.decodedBytes, 5);
  t.deepEqual(plan?.checksum, { algorithm: "CRC32", expected: "NhCmhg==" });
  t.is(Buffer.from(plan?.md5 ?? []).toString("hex"), written.etag);
  t.true((plan?.inlineBytesMax ?? 0) > 4096);
  t.is(String(sent.bodies[0]), "hello");
  const [type, request] = sent.messages[0] ?? [];
  t.is(type, "object.put");
  t.like(request, {
    key: "key",
    metadata: {
      contentType: "text/plain",
      contentEncoding: "gzip",
      storageClass: "STANDARD_IA",
      tagging: "a=1",
      expires: "never",
      user: [["colour", "blue"]],
    },
    preconditions: { ifNoneMatch: "*" },
  });
});

test("PutObject refuses what it would have to ignore, and malformed digests", async (t) => {
  const put = async (headers: Readonly<Record<string, string>>): Promise<string> =>
    (await refusedWith("PutObject", { method: "PUT", headers, body: "hello" }, putting)).code;
  t.is(await put({ "x-amz-server-side-encryption": "aws:kms:dsse" }), "NotImplemented");
  t.is(await put({ "x-amz-server-side-encryption-customer-algorithm": "AES256" }), "InvalidRequest");
  t.is(await put({ "x-amz-acl": "everyone" }), "InvalidArgument");
  t.is(await put({ "x-amz-grant-read": "id=x" }), "InvalidArgument");
  t.is(await put({ "x-amz-grant-write": "id=x" }), "NotImplemented");
  t.is(await put({ "x-amz-object-lock-mode": "COMPLIANCE" }), "InvalidRequest");
  t.is(await put({ "x-amz-write-offset-bytes": "5" }), "NotImplemented");
  t.is(await put({ "if-none-match": '"etag"' }), "NotImplemented");
  t.is(await put({ "x-amz-storage-class": "COLD" }), "InvalidStorageClass");
  t.is(await put({ "content-md5": "XUFAKrxLKna5cZ2REBfFkg" }), "InvalidDigest");
  t.is(await put({ "content-md5": "AAAA" }), "InvalidDigest");
  t.is(await put({ "x-amz-checksum-crc32": "NhCmhg==", "x-amz-checksum-sha1": "x" }), "InvalidRequest");
  t.is(await put({ "x-amz-checksum-crc32": "short" }), "InvalidRequest");
  t.is(await put({ "x-amz-checksum-xxhash64": "x" }), "NotImplemented");
  t.is(await put({ "x-amz-sdk-checksum-algorithm": "CRC32" }), "InvalidRequest");
  t.is(await put({ "x-amz-sdk-checksum-algorithm": "SHA1", "x-amz-checksum-crc32": "NhCmhg==" }), "InvalidRequest");
  t.is(await put({ "x-amz-meta-a": "x".repeat(2048) }), "MetadataTooLarge");
  t.is(await put({ "x-amz-website-redirect-location": "ftp://x" }), "InvalidArgument");
  t.is(await put({ "content-disposition": "x".repeat(9000) }), "RequestHeaderSectionTooLarge");
});

const bytes = Buffer.from("0123456789");
const stored: World = {
  objects: new Map([
    [
      "key",
      {
        bytes,
        view: viewOf(bytes, {
          metadata: { contentType: "text/plain", tagging: "a=1&b=2", user: [["colour", "blue"]], expires: "never" },
          checksum: { algorithm: "CRC32", value: "pjA9GQ==" },
        }),
      },
    ],
  ]),
};
const get = (headers: Readonly<Record<string, string>> = {}, url = "/bucket/key", name = "GetObject") =>
  perform(name, { method: "GET", url, headers }, stored).then(({ answer }) => answer);
const code = (headers: Readonly<Record<string, string>>, url = "/bucket/key") =>
  refusedWith("GetObject", { method: "GET", url, headers }, stored);

test("GetObject answers bytes and headers; HeadObject the same without bytes", async (t) => {
  const whole = await get();
  t.is(whole.status, 200);
  t.is(String(whole.body), "0123456789");
  t.is(whole.contentLength, 10);
  t.deepEqual(headersOf(whole), {
    "accept-ranges": "bytes",
    "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT",
    etag: `"${"0".repeat(32)}"`,
    "content-type": "text/plain",
    expires: "never",
    "x-amz-meta-colour": "blue",
    "x-amz-tagging-count": "2",
  });
  const head = await get({}, "/bucket/key", "HeadObject");
  t.deepEqual(new Map(head.headers), new Map(whole.headers));
  t.is(head.contentLength, 10);
  t.is(head.body, null);
});

test("ranges and parts", async (t) => {
  const range = await get({ range: "bytes=2-4", "x-amz-checksum-mode": "ENABLED" });
  t.is(range.status, 206);
  t.is(String(range.body), "234");
  t.is(headersOf(range)["content-range"], "bytes 2-4/10");
  t.is(headersOf(range)["x-amz-checksum-crc32"], undefined);
  t.is((await get({ range: "bytes=0-1,4-5" })).status, 200);
  const unsatisfiable = await code({ range: "bytes=10-" });
  t.is(unsatisfiable.code, "InvalidRange");
  t.deepEqual(unsatisfiable.detail, { RangeRequested: "bytes=10-", ActualObjectSize: "10" });
  const part = await get({}, "/bucket/key?partNumber=1");
  t.is(part.status, 206);
  t.is(headersOf(part)["content-range"], "bytes 0-9/10");
  t.is((await code({}, "/bucket/key?partNumber=2")).code, "InvalidPartNumber");
  t.is((await code({}, "/bucket/key?partNumber=0")).code, "InvalidArgument");
  t.is((await code({ range: "bytes=0-1" }, "/bucket/key?partNumber=1")).code, "InvalidRequest");
});

test("conditions, versions and absence", async (t) => {
  const notModified = await code({ "if-none-match": `"${"0".repeat(32)}"` });
  t.is(notModified.status, 304);
  t.deepEqual(Object.fromEntries(notModified.headers)["etag"], `"${"0".repeat(32)}"`);
  t.is((await code({ "if-match": '"x"' })).code, "PreconditionFailed");
  t.is((await code({ "if-unmodified-since": "Wed, 01 Jan 2025 00:00:00 GMT" })).code, "PreconditionFailed");
  t.is((await code({}, "/bucket/absent")).code, "NoSuchKey");
  t.is((await get({}, "/bucket/key?versionId=null")).status, 200);
  t.is((await code({ "x-amz-server-side-encryption-customer-key": "x" })).code, "InvalidRequest");
  t.is((await code({ "x-amz-server-side-encryption": "AES256" })).code, "InvalidArgument");
});

test("checksums on request, and overridden headers", async (t) => {
  t.is(headersOf(await get({ "x-amz-checksum-mode": "ENABLED" }))["x-amz-checksum-crc32"], "pjA9GQ==");
  const overridden = await get({}, "/bucket/key?response-content-type=image%2Fpng&response-cache-control=no-store");
  t.like(headersOf(overridden), { "content-type": "image/png", "cache-control": "no-store" });
  t.is((await code({}, "/bucket/key?response-content-disposition=a%0D%0Aset-cookie:x")).code, "InvalidArgument");
});

test("GetObjectAttributes answers what was asked for", async (t) => {
  const { answer } = await perform(
    "GetObjectAttributes",
    { method: "GET", headers: { "x-amz-object-attributes": "ETag,ObjectSize,Checksum,ObjectParts" } },
    stored,
  );
  t.regex(
    String(answer.body),
    /<ETag>0{32}<\/ETag><Checksum><ChecksumCRC32>pjA9GQ==<\/ChecksumCRC32><ChecksumType>FULL_OBJECT<\/ChecksumType><\/Checksum><ObjectSize>10<\/ObjectSize><\/GetObjectAttributesResponse>$/,
  );
  t.is((await refusedWith("GetObjectAttributes", { method: "GET" }, stored)).code, "InvalidArgument");
});

test("DeleteObject is 204 whether or not there was an object", async (t) => {
  const answers = { existed: false, versionId: null, isDeleteMarker: false };
  const world: World = { bucket: { "object.delete": () => answers } };
  const { answer, sent } = await perform("DeleteObject", { method: "DELETE", headers: { "if-match": '"e"' } }, world);
  t.is(answer.status, 204);
  const preconditions = { ifMatch: "e" };
  const asked = { key: "key", versionId: null, preconditions, bypassGovernance: false, markerOwnerId: null };
  t.deepEqual(sent.messages, [["object.delete", asked]]);
  const versioned = { method: "DELETE", url: "/bucket/key?versionId=abc" };
  t.is((await refusedWith("DeleteObject", versioned, world)).code, "InvalidArgument");
});

test("CopyObject reads, stores and keeps or replaces metadata", async (t) => {
  const world: World = { ...stored, ...putting };
  const copy = (headers: Readonly<Record<string, string>>) => ({
    method: "PUT",
    url: "/bucket/new",
    headers: { "x-amz-copy-source": "/bucket/key", ...headers },
  });
  const { answer, sent } = await perform("CopyObject", copy({ "content-type": "ignored/type" }), world);
  t.is(String(sent.bodies[0]), "0123456789");
  t.like(sent.messages[0]?.[1], { key: "new", metadata: { contentType: "text/plain", tagging: "a=1&b=2" } });
  t.deepEqual(sent.plans[0]?.checksum, { algorithm: "CRC32", expected: null });
  t.regex(String(answer.body), /<CopyObjectResult xmlns=.*<ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;<\/ETag>/);
  const replaced = await perform(
    "CopyObject",
    copy({ "x-amz-metadata-directive": "REPLACE", "content-type": "new/type", "x-amz-storage-class": "GLACIER" }),
    world,
  );
  t.deepEqual(firstRequest(replaced.sent)["metadata"], {
    contentType: "new/type",
    storageClass: "GLACIER",
    tagging: "a=1&b=2",
  });
  const refused = async (headers: Readonly<Record<string, string>>, url = "/bucket/new") =>
    (await refusedWith("CopyObject", { ...copy(headers), url }, { ...world, denied: new Set(["secret"]) })).code;
  t.is(await refused({}, "/bucket/key"), "InvalidRequest");
  t.is(await refused({ "x-amz-copy-source": "bucket/secret" }), "AccessDenied");
  t.is(await refused({ "x-amz-copy-source": "other/key" }), "NoSuchBucket");
  t.is(await refused({ "x-amz-copy-source": "bucket/absent" }), "NoSuchKey");
  t.is(await refused({ "x-amz-copy-source-if-match": "x" }), "PreconditionFailed");
  t.is(await refused({ "x-amz-copy-source-if-none-match": "0".repeat(32) }), "PreconditionFailed");
  t.is(await refused({ "x-amz-source-expected-bucket-owner": "999999999999" }), "AccessDenied");
});
