import test from "ava";
import type { ListedPart, UploadCompleted } from "../bucket/messages.ts";
import { firstRequest, perform, refusedWith, viewOf, type World } from "./operations.testing.ts";

const uploadId = "018bcfe56800".padEnd(44, "0");

const part = (partNumber: number, checksum: string): ListedPart => ({
  partNumber,
  sizeBytes: 5,
  etag: `e${partNumber}`,
  modifiedMs: 0,
  checksum: { algorithm: "SHA256", value: checksum },
});
const digest = (byte: number): string => Buffer.alloc(32, byte).toString("base64");
const parts = [part(1, digest(1)), part(2, digest(2))];
const written: UploadCompleted = {
  ...{ etag: "m-2", sizeBytes: 10, modifiedMs: 0, checksum: null, versionId: null },
  encryption: null,
};

const world: World = {
  upload: {
    encryption: null,
    storageClass: undefined,
    acl: undefined,
    tagging: undefined,
    checksumAlgorithm: "CRC64NVME",
    checksumType: "FULL_OBJECT",
  },
  bucket: {
    "upload.create": () => ({ uploadId }),
    "upload.abort": () => ({}),
    "upload.putPart": () => ({ etag: "p1", modifiedMs: 0, checksum: null }),
    "upload.complete": () => written,
    "upload.listParts": ({ afterPartNumber }) => ({
      parts: parts.filter(({ partNumber }) => partNumber > afterPartNumber),
      isTruncated: false,
      ownerId: null,
      initiator: null,
      storageClass: "STANDARD",
      checksumAlgorithm: "SHA256",
      checksumType: "COMPOSITE",
    }),
    "upload.list": () => ({
      uploads: [
        {
          key: "a b",
          uploadId,
          initiatedMs: 0,
          ownerId: "d".repeat(64),
          initiator: { id: "arn:aws:iam::444455556666:user/ann", name: "ann" },
          storageClass: "STANDARD",
          checksumAlgorithm: "CRC32" as const,
          checksumType: "COMPOSITE" as const,
        },
      ],
      commonPrefixes: ["z/"],
      isTruncated: true,
    }),
  },
};
const element = (body: unknown, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(String(body))?.[1];

test("CreateMultipartUpload keeps metadata and the checksum's type", async (t) => {
  const headers = { "x-amz-checksum-algorithm": "CRC32", "content-type": "a/b" };
  const { answer, sent } = await perform(
    "CreateMultipartUpload",
    { method: "POST", url: "/bucket/key?uploads", headers },
    world,
  );
  t.deepEqual(sent.messages[0]?.[1], {
    key: "key",
    metadata: { contentType: "a/b" },
    checksumAlgorithm: "CRC32",
    checksumType: "COMPOSITE",
  });
  t.regex(
    String(answer.body),
    /<InitiateMultipartUploadResult xmlns=[^>]+><Bucket>bucket<\/Bucket><Key>key<\/Key><UploadId>018bcfe56800/,
  );
});

test("UploadPart takes the upload's checksum, and nothing for an upload that is gone", async (t) => {
  const url = `/bucket/key?partNumber=1&uploadId=${uploadId}`;
  const { answer, sent } = await perform("UploadPart", { method: "PUT", url, body: "hello" }, world);
  t.deepEqual(sent.plans[0]?.checksum, { algorithm: "CRC64NVME", expected: null });
  t.is(sent.plans[0]?.inlineBytesMax, 0);
  t.deepEqual(answer.headers, [["etag", '"p1"']]);
  t.is((await refusedWith("UploadPart", { method: "PUT", url }, { ...world, upload: null })).code, "NoSuchUpload");
  for (const number of ["0", "10001", "x"]) {
    const bad = { method: "PUT", url: `/bucket/key?partNumber=${number}&uploadId=${uploadId}` };
    t.is((await refusedWith("UploadPart", bad, world)).code, "InvalidArgument");
  }
});

test("UploadPartCopy stores a range of the source", async (t) => {
  const bytes = Buffer.from("0123456789");
  const source: World = { ...world, objects: new Map([["source", { bytes, view: viewOf(bytes) }]]) };
  const ask = (range: string) => ({
    method: "PUT",
    url: `/bucket/key?partNumber=2&uploadId=${uploadId}`,
    headers: { "x-amz-copy-source": "bucket/source", "x-amz-copy-source-range": range },
  });
  const { answer, sent } = await perform("UploadPartCopy", ask("bytes=2-5"), source);
  t.is(String(sent.bodies[0]), "2345");
  t.is(element(answer.body, "ETag"), "&quot;p1&quot;");
  t.is((await refusedWith("UploadPartCopy", ask("bytes=2-10"), source)).code, "InvalidArgument");
  t.is((await refusedWith("UploadPartCopy", ask("bytes=0-1"), world)).code, "NoSuchKey");
});

const complete = (inner: string, headers: Readonly<Record<string, string>> = {}) => ({
  method: "POST",
  url: `/bucket/key?uploadId=${uploadId}`,
  headers: { host: "localhost:9000", ...headers },
  body: `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</CompleteMultipartUpload>`,
});
const both =
  "<Part><PartNumber>1</PartNumber><ETag>&quot;e1&quot;</ETag></Part><Part><PartNumber>2</PartNumber><ETag>e2</ETag></Part>";

test("CompleteMultipartUpload names the parts without quotes", async (t) => {
  const { answer, sent } = await perform(
    "CompleteMultipartUpload",
    complete(both, { "x-amz-mp-object-size": "10" }),
    world,
  );
  t.deepEqual(sent.messages, [
    [
      "upload.complete",
      {
        key: "key",
        uploadId,
        parts: [
          { partNumber: 1, etag: "e1", checksum: null },
          { partNumber: 2, etag: "e2", checksum: null },
        ],
        preconditions: {},
        objectBytes: 10,
        claim: { checksum: null, checksumType: null },
      },
    ],
  ]);
  t.is(element(answer.body, "Location"), "http://localhost:9000/bucket/key");
  t.is(element(answer.body, "ETag"), "&quot;m-2&quot;");
});

test("an answer that is given again tells the encryption too", async (t) => {
  const answered = async (encryption: UploadCompleted["encryption"]) => {
    const bucket = { "upload.complete": () => ({ ...written, encryption }) };
    const { answer } = await perform("CompleteMultipartUpload", complete(both), { ...world, upload: null, bucket });
    return answer.headers.filter(([name]) => name.startsWith("x-amz-server-side-encryption"));
  };
  const name = "x-amz-server-side-encryption";
  t.deepEqual(await answered(null), []);
  t.deepEqual(await answered({ kind: "AES256" }), [[name, "AES256"]]);
  t.deepEqual(await answered({ kind: "aws:kms", keyId: "first", context: null, isBucketKey: true }), [
    [name, "aws:kms"],
    [`${name}-aws-kms-key-id`, "arn:aws:kms:us-east-1:111122223333:key/first"],
    [`${name}-bucket-key-enabled`, "true"],
  ]);
});

test("what is claimed of the whole's checksum is judged with the parts", async (t) => {
  const headers = { "x-amz-checksum-sha256": `${digest(1)}-2`, "x-amz-checksum-type": "COMPOSITE" };
  const { sent } = await perform("CompleteMultipartUpload", complete(both, headers), world);
  t.deepEqual(firstRequest(sent)["claim"], {
    checksum: { algorithm: "SHA256", value: `${digest(1)}-2` },
    checksumType: "COMPOSITE",
  });
});

test("claims that cannot be judged are refused", async (t) => {
  const code = async (headers: Readonly<Record<string, string>>, inner = both): Promise<string> =>
    (await refusedWith("CompleteMultipartUpload", complete(inner, headers), world)).code;
  t.is(await code({ "x-amz-checksum-sha256": "x" }), "InvalidRequest");
  t.is(await code({ "x-amz-checksum-sha256": digest(1), "x-amz-checksum-crc32": "AAAAAA==" }), "InvalidRequest");
  t.is(await code({ "x-amz-checksum-sha512": "x" }), "NotImplemented");
  t.is(await code({ "x-amz-checksum-type": "HALF" }), "InvalidRequest");
  const md5 = "<Part><PartNumber>1</PartNumber><ETag>e1</ETag><ChecksumMD5>x</ChecksumMD5></Part>";
  t.is(await code({}, md5), "NotImplemented");
});

test("lists of parts that are none are malformed", async (t) => {
  for (const inner of ["", "<Part><PartNumber>1</PartNumber></Part>", "<Part><ETag>e</ETag></Part>", "<Piece/>"]) {
    t.is((await refusedWith("CompleteMultipartUpload", complete(inner), world)).code, "MalformedXML", inner);
  }
  const zero = "<Part><PartNumber>0</PartNumber><ETag>e</ETag></Part>";
  t.is((await refusedWith("CompleteMultipartUpload", complete(zero), world)).code, "InvalidArgument");
});

test("ListParts and ListMultipartUploads page by their markers", async (t) => {
  const listed = await perform(
    "ListParts",
    { method: "GET", url: `/bucket/key?uploadId=${uploadId}&part-number-marker=1&max-parts=1` },
    world,
  );
  t.deepEqual(listed.sent.messages, [["upload.listParts", { key: "key", uploadId, afterPartNumber: 1, partsMax: 1 }]]);
  t.is(element(listed.answer.body, "NextPartNumberMarker"), "2");
  t.is(element(listed.answer.body, "ChecksumSHA256"), digest(2));
  t.is(element(listed.answer.body, "ChecksumType"), "COMPOSITE");
  const uploads = await perform(
    "ListMultipartUploads",
    { method: "GET", url: "/bucket?uploads&delimiter=/&encoding-type=url&upload-id-marker=ignored" },
    world,
  );
  t.like(uploads.sent.messages[0]?.[1], { afterKey: "", afterUploadId: "" });
  t.is(element(uploads.answer.body, "Key"), "a%20b");
  t.is(element(uploads.answer.body, "ChecksumAlgorithm"), "CRC32");
  t.is(element(uploads.answer.body, "ChecksumType"), "COMPOSITE");
  t.is(element(uploads.answer.body, "NextKeyMarker"), "z/");
  const marker = { method: "GET", url: `/bucket/key?uploadId=${uploadId}&part-number-marker=x` };
  t.is((await refusedWith("ListParts", marker, world)).code, "InvalidArgument");
});

test("AbortMultipartUpload is 204", async (t) => {
  const { answer } = await perform(
    "AbortMultipartUpload",
    { method: "DELETE", url: `/bucket/key?uploadId=${uploadId}` },
    world,
  );
  t.is(answer.status, 204);
  t.is(answer.body, null);
});
