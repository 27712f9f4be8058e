/** Checksums of objects put whole: right, wrong, malformed, doubled and unknown, in a header and in a trailer. */

import { createHash } from "node:crypto";
import { CopyObjectCommand, type CopyObjectCommandInput, HeadObjectCommand } from "@aws-sdk/client-s3";
import { eachFront, element, outcome, refusal, type Stand } from "../support/each-front.ts";
import type { S3Answer } from "../support/s3-client.ts";
import { awsChunked } from "../support/signed-request.ts";

const test = eachFront();

const body = "123456789";
/** Check values: RFC 3720 and "A Painless Guide to CRC" for the CRCs, NVM Express for CRC-64. */
const right: Readonly<Record<string, string>> = {
  crc32: "y/Q5Jg==",
  crc32c: "4waSgw==",
  crc64nvme: "rosUhgp5mIg=",
  sha1: createHash("sha1").update(body).digest("base64"),
  sha256: createHash("sha256").update(body).digest("base64"),
};
const flipped = (value: string): string => (value.startsWith("A") ? "B" : "A") + value.slice(1);

const put = ({ bucket, signed }: Stand, headers: Readonly<Record<string, string>>): Promise<S3Answer> =>
  signed({ method: "PUT", target: `/${bucket}/k`, headers, body });

const head = ({ bucket, signed }: Stand, headers: Readonly<Record<string, string>> = {}): Promise<S3Answer> =>
  signed({ method: "HEAD", target: `/${bucket}/k`, headers });

const trailer = (
  { bucket, signed }: Stand,
  name: string,
  value: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<S3Answer> =>
  signed({
    method: "PUT",
    target: `/${bucket}/k`,
    payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    headers: {
      "x-amz-decoded-content-length": String(body.length),
      "x-amz-trailer": name,
      "content-encoding": "aws-chunked",
      ...headers,
    },
    body: awsChunked(Buffer.from(body), { signing: null, trailers: value === "" ? [] : [[name, value]] }),
  });

for (const [algorithm, value] of Object.entries(right)) {
  const header = `x-amz-checksum-${algorithm}`;

  test(`PutObject_${algorithm}_right_is_stored_and_shown_on_request`, async (t, stand) => {
    const answer = await put(stand, { [header]: value, "x-amz-sdk-checksum-algorithm": algorithm.toUpperCase() });
    t.is(outcome(answer), "200");
    t.is(answer.headers[header], value);
    t.is(answer.headers["x-amz-checksum-type"], "FULL_OBJECT");
    t.is((await head(stand)).headers[header], undefined);
    const shown = await head(stand, { "x-amz-checksum-mode": "ENABLED" });
    t.is(shown.headers[header], value);
    t.is(shown.headers["x-amz-checksum-type"], "FULL_OBJECT");
    const range = await head(stand, { "x-amz-checksum-mode": "ENABLED", range: "bytes=0-3" });
    t.is(range.status, 206);
    t.is(range.headers[header], undefined);
  });

  test(`PutObject_${algorithm}_wrong_400`, async (t, stand) => {
    t.is(outcome(await put(stand, { [header]: flipped(value) })), "400 BadDigest");
    t.is(outcome(await trailer(stand, header, flipped(value))), "400 BadDigest");
    t.is((await head(stand)).status, 404);
  });

  test(`PutObject_${algorithm}_malformed_400`, async (t, stand) => {
    for (const malformed of ["", "x", `${value}-1`, value.replace(/=*$/, ""), ` ${value.slice(1)}`, `${value}${value}`])
      t.is(outcome(await put(stand, { [header]: malformed })), "400 InvalidRequest", malformed);
    t.is(outcome(await trailer(stand, header, "x")), "400 InvalidRequest");
    t.is((await head(stand)).status, 404);
  });

  test(`PutObject_${algorithm}_in_a_trailer`, async (t, stand) => {
    t.is(outcome(await trailer(stand, header, "")), "400 MalformedTrailerError");
    t.is((await head(stand)).status, 404);
    const answer = await trailer(stand, header, value);
    t.is(outcome(answer), "200");
    t.is(answer.headers[header], value);
    t.is((await head(stand, { "x-amz-checksum-mode": "ENABLED" })).headers[header], value);
  });
}

const crc32 = { "x-amz-checksum-crc32": right["crc32"] ?? "" };
for (const [title, headers, expected] of [
  ["two_checksums", { ...crc32, "x-amz-checksum-sha1": right["sha1"] ?? "" }, "400 InvalidRequest"],
  ["two_empty_checksums", { "x-amz-checksum-crc32": "", "x-amz-checksum-crc32c": "" }, "400 InvalidRequest"],
  ["a_served_and_an_unserved", { ...crc32, "x-amz-checksum-md5": "x" }, "400 InvalidRequest"],
  ["algorithm_without_a_value", { "x-amz-sdk-checksum-algorithm": "CRC32" }, "400 InvalidRequest"],
  ["algorithm_of_another_value", { ...crc32, "x-amz-sdk-checksum-algorithm": "SHA1" }, "400 InvalidRequest"],
  ["algorithm_unknown", { ...crc32, "x-amz-sdk-checksum-algorithm": "CRC99" }, "400 InvalidRequest"],
  ["checksum_unknown", { "x-amz-checksum-crc99": "x" }, "400 InvalidRequest"],
  ["content_md5_wrong", { "content-md5": createHash("md5").update("x").digest("base64") }, "400 BadDigest"],
  ["content_md5_malformed", { "content-md5": "x" }, "400 InvalidDigest"],
  ["content_md5_empty", { "content-md5": "" }, "400 InvalidDigest"],
  ["sha512", { "x-amz-checksum-sha512": "x" }, "501 NotImplemented"],
  ["md5", { "x-amz-checksum-md5": "x" }, "501 NotImplemented"],
  ["xxhash64", { "x-amz-checksum-xxhash64": "x" }, "501 NotImplemented"],
  ["xxhash3", { "x-amz-checksum-xxhash3": "x" }, "501 NotImplemented"],
  ["xxhash128", { "x-amz-checksum-xxhash128": "x" }, "501 NotImplemented"],
] as [string, Record<string, string>, string][]) {
  test(`PutObject_checksum_${title}_${expected.slice(0, 3)}`, async (t, stand) => {
    t.is(outcome(await put(stand, headers)), expected);
    t.is((await head(stand)).status, 404);
  });
}

test("PutObject_trailer_that_is_no_checksum_or_comes_with_a_header_400", async (t, stand) => {
  t.is(outcome(await trailer(stand, "x-amz-meta-a", "1")), "400 InvalidRequest");
  t.is(outcome(await trailer(stand, "x-amz-checksum-sha512", "x")), "501 NotImplemented");
  const both = await trailer(stand, "x-amz-checksum-crc32", right["crc32"] ?? "", {
    "x-amz-checksum-sha1": right["sha1"] ?? "",
  });
  t.is(outcome(both), "400 InvalidRequest");
  t.is((await head(stand)).status, 404);
});

test("names_of_checksums_are_taken_in_any_case", async (t, stand) => {
  const { bucket, signed } = stand;
  t.is(outcome(await put(stand, { ...crc32, "x-amz-sdk-checksum-algorithm": "crc32" })), "200");
  const shown = await head(stand, { "x-amz-checksum-mode": "Enabled" });
  t.is(shown.headers["x-amz-checksum-crc32"], right["crc32"]);
  const headers = { "x-amz-checksum-algorithm": "crc32c", "x-amz-checksum-type": "full_object" };
  const begun = await signed({ method: "POST", target: `/${bucket}/k?uploads`, headers });
  t.is(begun.headers["x-amz-checksum-algorithm"], "CRC32C");
  t.is(begun.headers["x-amz-checksum-type"], "FULL_OBJECT");
});

test("PutObject_without_checksum_has_none", async (t, stand) => {
  const answer = await put(stand, {});
  t.is(outcome(answer), "200");
  const shown = await head(stand, { "x-amz-checksum-mode": "ENABLED" });
  for (const { headers } of [answer, shown])
    t.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith("x-amz-checksum")),
      [],
    );
});

test("CopyObject_checksum_is_computed_anew_or_kept", async (t, stand) => {
  const { s3, bucket, signed } = stand;
  t.is(outcome(await put(stand, crc32)), "200");
  const copy = async (more: Partial<CopyObjectCommandInput>) => {
    const input = { Bucket: bucket, Key: "to", CopySource: `${bucket}/k`, ...more };
    const { CopyObjectResult } = await s3.send(new CopyObjectCommand(input));
    const { ChecksumType, ChecksumCRC32, ChecksumSHA256 } = CopyObjectResult ?? {};
    const shown = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "to", ChecksumMode: "ENABLED" }));
    t.is(shown.ChecksumCRC32, ChecksumCRC32);
    t.is(shown.ChecksumSHA256, ChecksumSHA256);
    return { ChecksumType, ChecksumCRC32, ChecksumSHA256 };
  };
  t.like(await copy({}), { ChecksumType: "FULL_OBJECT", ChecksumCRC32: right["crc32"], ChecksumSHA256: undefined });
  const anew = await copy({ ChecksumAlgorithm: "SHA256" });
  t.like(anew, { ChecksumType: "FULL_OBJECT", ChecksumCRC32: undefined, ChecksumSHA256: right["sha256"] });
  t.is(await refusal(copy({ Key: "no", ChecksumAlgorithm: "SHA512" })), "501 NotImplemented");
  const headers = { "x-amz-copy-source": `${bucket}/k`, "x-amz-checksum-algorithm": "CRC99" };
  t.is(outcome(await signed({ method: "PUT", target: `/${bucket}/no`, headers })), "400 InvalidRequest");
  t.is(await refusal(s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "no" }))), "404 NotFound");
});

const xml = "<Delete><Object><Key>k</Key></Object></Delete>";
for (const [title, headers, expected] of [
  ["content_md5_wrong", { "content-md5": createHash("md5").update("x").digest("base64") }, "400 BadDigest"],
  ["content_md5_malformed", { "content-md5": "x" }, "400 InvalidDigest"],
  ["crc32_wrong", { "x-amz-checksum-crc32": "AAAAAA==" }, "400 BadDigest"],
  ["no_digest", {}, "400 InvalidRequest"],
  ["sha512", { "x-amz-checksum-sha512": "x" }, "501 NotImplemented"],
] as [string, Record<string, string>, string][]) {
  test(`DeleteObjects_${title}_${expected.slice(0, 3)}`, async (t, stand) => {
    t.is(outcome(await put(stand, {})), "200");
    const target = `/${stand.bucket}?delete`;
    t.is(outcome(await stand.signed({ method: "POST", target, headers, body: xml })), expected);
    t.is((await head(stand)).status, 200);
  });
}

test("GetObjectAttributes_of_an_object_put_whole", async (t, stand) => {
  const { bucket, signed } = stand;
  t.is(outcome(await put(stand, { ...crc32, "x-amz-storage-class": "GLACIER_IR" })), "200");
  const attributes = async (asked: string | null, headers: Readonly<Record<string, string>> = {}, key = "k") =>
    signed({
      method: "GET",
      target: `/${bucket}/${key}?attributes`,
      headers: { ...(asked === null ? {} : { "x-amz-object-attributes": asked }), ...headers },
    });
  const all = await attributes("ETag, Checksum,ObjectParts,StorageClass,ObjectSize");
  t.is(outcome(all), "200");
  t.is(element(all, "ETag"), createHash("md5").update(body).digest("hex"));
  t.is(element(all, "ChecksumCRC32"), right["crc32"]);
  t.is(element(all, "ChecksumType"), "FULL_OBJECT");
  t.is(element(all, "StorageClass"), "GLACIER_IR");
  t.is(element(all, "ObjectSize"), "9");
  t.notRegex(String(all.body), /ObjectParts/);
  t.truthy(all.headers["last-modified"]);
  const size = await attributes("ObjectSize");
  t.notRegex(String(size.body), /ETag|Checksum|StorageClass/);
  for (const asked of [null, "", "Size", "ETag,Size"])
    t.is(outcome(await attributes(asked)), "400 InvalidArgument", String(asked));
  for (const more of [{ "x-amz-max-parts": "x" }, { "x-amz-max-parts": "-1" }, { "x-amz-part-number-marker": "x" }])
    t.is(outcome(await attributes("ObjectParts", more)), "400 InvalidArgument", JSON.stringify(more));
  t.is(outcome(await attributes("ETag", {}, "absent")), "404 NoSuchKey");
  t.is(outcome(await attributes("ETag", { "if-match": '"no"' })), "412 PreconditionFailed");
  t.is(outcome(await attributes("ETag", { "if-none-match": "*" })), "304");
  const old = "Mon, 01 Jan 2001 00:00:00 GMT";
  t.is(outcome(await attributes("ETag", { "if-unmodified-since": old })), "412 PreconditionFailed");
  t.is(outcome(await attributes("ETag", { "if-unmodified-since": old, "if-match": "*" })), "200");
});
