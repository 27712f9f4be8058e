/** AWS's published S3 examples. Source: "Signature Calculations for the Authorization Header" and its sister pages. */

import test from "ava";
import { BodyDecoder } from "./body-decoder.ts";
import { accessKeyId, lookup, nowMs, requestOf, scope, timestamp } from "./signing-client-fixture.ts";
import { authenticate } from "./sigv4.ts";

const host = "examplebucket.s3.amazonaws.com";
const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const authorization = (signedHeaders: string, signature: string): string =>
  `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope},SignedHeaders=${signedHeaders},Signature=${signature}`;

test("GET Object with a range", (t) => {
  const request = requestOf({
    path: "/test.txt",
    headers: {
      host,
      range: "bytes=0-9",
      "x-amz-content-sha256": emptySha256,
      "x-amz-date": timestamp,
      authorization: authorization(
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
      ),
    },
  });
  t.deepEqual(authenticate(request, lookup, nowMs), {
    accessKeyId,
    presigned: false,
    version: "AWS4-HMAC-SHA256",
    timestamp: "20130524T000000Z",
    region: "us-east-1",
    payload: { framing: { kind: "plain" }, sha256: emptySha256 },
    signedHeaders: ["host", "range", "x-amz-content-sha256", "x-amz-date"],
    headers: request.headers,
  });
});

test("PUT Object whose key needs escaping", (t) => {
  const request = requestOf({
    method: "PUT",
    path: "/test$file.text",
    headers: {
      host,
      date: "Fri, 24 May 2013 00:00:00 GMT",
      "x-amz-date": timestamp,
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
      "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      authorization: authorization(
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
      ),
    },
  });
  const body = new BodyDecoder({
    ...authenticate(request, lookup, nowMs).payload,
    wireBytes: 21,
    decodedBytes: 21,
    bytesMax: 1000,
    md5: null,
    checksum: null,
  });
  body.push(Buffer.from("Welcome to Amazon S3."), () => {});
  t.is(body.finish().sizeBytes, 21);
});

test("GET Bucket Lifecycle: a query word without a value", (t) => {
  const request = requestOf({
    query: "lifecycle",
    headers: {
      host,
      "x-amz-date": timestamp,
      "x-amz-content-sha256": emptySha256,
      authorization: authorization(
        "host;x-amz-content-sha256;x-amz-date",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
      ),
    },
  });
  t.is(authenticate(request, lookup, nowMs).accessKeyId, accessKeyId);
});

test("GET Bucket (List Objects): query words in any order", (t) => {
  const request = requestOf({
    query: "prefix=J&max-keys=2",
    headers: {
      host,
      "x-amz-date": timestamp,
      "x-amz-content-sha256": emptySha256,
      authorization: authorization(
        "host;x-amz-content-sha256;x-amz-date",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
      ),
    },
  });
  t.is(authenticate(request, lookup, nowMs).accessKeyId, accessKeyId);
});

test("a presigned GET", (t) => {
  const query =
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request" +
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host" +
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
  const request = requestOf({ path: "/test.txt", query, headers: { host } });
  t.deepEqual(authenticate(request, lookup, nowMs + 86_400_000), {
    accessKeyId,
    presigned: true,
    version: "AWS4-HMAC-SHA256",
    timestamp: "20130524T000000Z",
    region: "us-east-1",
    payload: { framing: { kind: "plain" }, sha256: null },
    signedHeaders: ["host"],
    headers: request.headers,
  });
});

test("a chunked upload: the request's signature and every chunk's", (t) => {
  const seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
  const request = requestOf({
    method: "PUT",
    path: "/examplebucket/chunkObject.txt",
    headers: {
      host: "s3.amazonaws.com",
      "x-amz-date": timestamp,
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
      "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
      "content-encoding": "aws-chunked",
      "x-amz-decoded-content-length": "66560",
      "content-length": "66824",
      authorization: authorization(
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class",
        seed,
      ),
    },
  });
  const body = decoderOf(request, 66_824);
  body.push(chunk("10000", "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648", 65_536), () => {});
  body.push(chunk("400", "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", 1024), () => {});
  body.push(chunk("0", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9", 0), () => {});
  t.is(body.finish().sizeBytes, 66_560);
});

test("a chunked upload with a trailing checksum: request, chunks, trailer", (t) => {
  const seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
  const request = requestOf({
    method: "PUT",
    path: "/examplebucket/chunkObject.txt",
    headers: {
      host: "s3.amazonaws.com",
      "x-amz-date": timestamp,
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
      "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
      "content-encoding": "aws-chunked",
      "x-amz-decoded-content-length": "66560",
      "x-amz-trailer": "x-amz-checksum-crc32c",
      "content-length": "66946",
      authorization: authorization(
        "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer",
        seed,
      ),
    },
  });
  const body = decoderOf(request, 66_946);
  body.push(chunk("10000", "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2", 65_536), () => {});
  body.push(chunk("400", "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7", 1024), () => {});
  body.push(
    Buffer.from(
      "0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n" +
        "x-amz-checksum-crc32c:sOO8/Q==\r\n" +
        "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
    ),
    () => {},
  );
  t.deepEqual(body.finish().checksum, { algorithm: "CRC32C", value: "sOO8/Q==" });
});

function decoderOf(request: Parameters<typeof authenticate>[0], wireBytes: number): BodyDecoder {
  const { payload } = authenticate(request, lookup, nowMs);
  return new BodyDecoder({
    ...payload,
    wireBytes,
    decodedBytes: 66_560,
    bytesMax: 100_000,
    md5: null,
    checksum: null,
  });
}

function chunk(size: string, signature: string, count: number): Buffer {
  return Buffer.from(`${size};chunk-signature=${signature}\r\n${"a".repeat(count)}\r\n`);
}
