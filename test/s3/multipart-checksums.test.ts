/** Checksums of multipart uploads: which an upload may have, which its parts, and what a completion may claim. */

import { createHash } from "node:crypto";
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { eachFront, element, outcome, refusal, type Stand, someBytes } from "../support/each-front.ts";
import type { S3Answer } from "../support/s3-client.ts";

const test = eachFront();

const five = someBytes(5 * 1024 * 1024);
const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("base64");

const create = ({ bucket, signed }: Stand, headers: Readonly<Record<string, string>>): Promise<S3Answer> =>
  signed({ method: "POST", target: `/${bucket}/k?uploads`, headers });

for (const [algorithm, type, expected] of [
  ["CRC32", undefined, "COMPOSITE"],
  ["CRC32", "COMPOSITE", "COMPOSITE"],
  ["CRC32", "FULL_OBJECT", "FULL_OBJECT"],
  ["CRC32C", undefined, "COMPOSITE"],
  ["CRC32C", "COMPOSITE", "COMPOSITE"],
  ["CRC32C", "FULL_OBJECT", "FULL_OBJECT"],
  ["CRC64NVME", undefined, "FULL_OBJECT"],
  ["CRC64NVME", "FULL_OBJECT", "FULL_OBJECT"],
  ["CRC64NVME", "COMPOSITE", "400 InvalidRequest"],
  ["SHA1", undefined, "COMPOSITE"],
  ["SHA1", "COMPOSITE", "COMPOSITE"],
  ["SHA1", "FULL_OBJECT", "400 InvalidRequest"],
  ["SHA256", undefined, "COMPOSITE"],
  ["SHA256", "COMPOSITE", "COMPOSITE"],
  ["SHA256", "FULL_OBJECT", "400 InvalidRequest"],
  ["SHA512", undefined, "501 NotImplemented"],
  ["MD5", undefined, "501 NotImplemented"],
  ["XXHASH64", undefined, "501 NotImplemented"],
  ["XXHASH3", undefined, "501 NotImplemented"],
  ["XXHASH128", undefined, "501 NotImplemented"],
  ["CRC99", undefined, "400 InvalidRequest"],
  ["CRC32", "HALF", "400 InvalidRequest"],
  [undefined, "FULL_OBJECT", "400 InvalidRequest"],
] as const) {
  test(`CreateMultipartUpload_${algorithm ?? "none"}_${type ?? "default"}_${expected}`, async (t, stand) => {
    const answer = await create(stand, {
      ...(algorithm === undefined ? {} : { "x-amz-checksum-algorithm": algorithm }),
      ...(type === undefined ? {} : { "x-amz-checksum-type": type }),
    });
    const uploads = await stand.signed({ method: "GET", target: `/${stand.bucket}?uploads` });
    if (/^\d/.test(expected)) {
      t.is(outcome(answer), expected);
      t.is(element(uploads, "UploadId"), undefined);
      return;
    }
    t.is(outcome(answer), "200");
    t.is(answer.headers["x-amz-checksum-algorithm"], algorithm);
    t.is(answer.headers["x-amz-checksum-type"], expected);
    const UploadId = element(answer, "UploadId");
    const listed = await stand.s3.send(new ListPartsCommand({ Bucket: stand.bucket, Key: "k", UploadId }));
    t.like(listed, { ChecksumAlgorithm: algorithm, ChecksumType: expected });
  });
}

/** An open upload at "k". */
async function begin(stand: Stand, more: Partial<CreateMultipartUploadCommandInput>) {
  const place = { Bucket: stand.bucket, Key: "k" };
  const { UploadId = "" } = await stand.s3.send(new CreateMultipartUploadCommand({ ...place, ...more }));
  const upload = { ...place, UploadId };
  const target = `/${stand.bucket}/k?uploadId=${UploadId}`;
  return {
    upload,
    part: (number: number, body: Uint8Array | string, headers: Readonly<Record<string, string>> = {}) =>
      stand.signed({ method: "PUT", target: `${target}&partNumber=${number}`, headers, body }),
    complete: (Parts: CompletedPart[], more: object = {}) =>
      stand.s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more })),
    completeRaw: (inner: string, headers: Readonly<Record<string, string>> = {}) =>
      stand.signed({
        method: "POST",
        target,
        headers,
        body: `<CompleteMultipartUpload>${inner}</CompleteMultipartUpload>`,
      }),
    listed: async () => (await stand.s3.send(new ListPartsCommand(upload))).Parts ?? [],
  };
}

const hello = { "x-amz-checksum-crc32": "NhCmhg==" };
for (const [title, declared, headers, expected] of [
  ["composite_without_checksum", { ChecksumAlgorithm: "CRC32" }, {}, "400 InvalidRequest"],
  ["composite_of_another_algorithm", { ChecksumAlgorithm: "SHA256" }, hello, "400 InvalidRequest"],
  ["full_object_of_another_algorithm", { ChecksumAlgorithm: "CRC64NVME" }, hello, "400 InvalidRequest"],
  ["wrong_value", { ChecksumAlgorithm: "CRC32" }, { "x-amz-checksum-crc32": "AAAAAA==" }, "400 BadDigest"],
  ["malformed_value", { ChecksumAlgorithm: "CRC32" }, { "x-amz-checksum-crc32": "AAAA" }, "400 InvalidRequest"],
  ["two_values", {}, { ...hello, "x-amz-checksum-sha1": "x" }, "400 InvalidRequest"],
  ["algorithm_without_a_value", {}, { "x-amz-sdk-checksum-algorithm": "CRC32" }, "400 InvalidRequest"],
  ["content_md5_wrong", {}, { "content-md5": createHash("md5").digest("base64") }, "400 BadDigest"],
  ["sha512", {}, { "x-amz-checksum-sha512": "x" }, "501 NotImplemented"],
] as [string, Partial<CreateMultipartUploadCommandInput>, Record<string, string>, string][]) {
  test(`UploadPart_${title}_${expected.slice(0, 3)}`, async (t, stand) => {
    const { part, listed } = await begin(stand, declared);
    t.is(outcome(await part(1, "hello", headers)), expected);
    t.deepEqual(await listed(), []);
  });
}

test("UploadPart_full_object_without_checksum_is_given_one", async (t, stand) => {
  const { part, complete } = await begin(stand, { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" });
  const answer = await part(1, "hello");
  t.is(answer.headers["x-amz-checksum-crc32"], hello["x-amz-checksum-crc32"]);
  const done = await complete([{ PartNumber: 1, ETag: String(answer.headers["etag"]) }]);
  t.like(done, { ChecksumCRC32: "NhCmhg==", ChecksumType: "FULL_OBJECT" });
});

test("UploadPart_any_checksum_in_an_upload_without_algorithm", async (t, stand) => {
  const { part, complete } = await begin(stand, {});
  const one = await part(1, five, { "x-amz-checksum-sha256": sha256(five) });
  t.is(outcome(one), "200");
  const two = await part(2, "hello", { "x-amz-checksum-sha256": sha256(Buffer.from("hello")) });
  const done = await complete([
    { PartNumber: 1, ETag: String(one.headers["etag"]) },
    { PartNumber: 2, ETag: String(two.headers["etag"]) },
  ]);
  t.regex(done.ChecksumSHA256 ?? "", /=-2$/);
});

test("CompleteMultipartUpload_claims_of_a_composite_checksum", async (t, stand) => {
  const last = Buffer.from("hello");
  const { part, complete, completeRaw, upload } = await begin(stand, { ChecksumAlgorithm: "SHA256" });
  const sums = [sha256(five), sha256(last)];
  const answers = [
    await part(1, five, { "x-amz-checksum-sha256": sums[0] ?? "" }),
    await part(2, last, { "x-amz-checksum-sha256": sums[1] ?? "" }),
  ];
  const Parts = answers.map(({ headers }, index) => ({
    PartNumber: index + 1,
    ETag: String(headers["etag"]),
    ChecksumSHA256: sums[index],
  }));
  const bare = Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
  const composite = sha256(Buffer.concat(sums.map((sum) => Buffer.from(sum, "base64"))));
  const swapped = Parts.map((listed, index) => ({ ...listed, ChecksumSHA256: sums[1 - index] }));
  t.is(await refusal(complete(bare)), "400 InvalidRequest");
  t.is(await refusal(complete(swapped)), "400 InvalidPart");
  for (const [more, expected] of [
    [{ ChecksumSHA256: sha256(Buffer.concat([five, last])) }, "400 BadDigest"],
    [{ ChecksumSHA256: `${composite}-3` }, "400 BadDigest"],
    [{ ChecksumSHA256: "x" }, "400 InvalidRequest"],
    [{ ChecksumCRC32: "AAAAAA==" }, "400 InvalidRequest"],
    [{ ChecksumSHA512: "x" }, "501 NotImplemented"],
    [{ ChecksumType: "FULL_OBJECT" }, "400 InvalidRequest"],
    [{ MpuObjectSize: five.length }, "400 InvalidRequest"],
  ] as const)
    t.is(await refusal(complete(Parts, more)), expected, JSON.stringify(more));
  const inner = Parts.map(
    ({ PartNumber, ETag, ChecksumSHA256 }) =>
      `<Part><PartNumber>${PartNumber}</PartNumber><ETag>${ETag}</ETag><ChecksumSHA256>${ChecksumSHA256}</ChecksumSHA256></Part>`,
  ).join("");
  for (const [headers, expected] of [
    [{ "content-md5": createHash("md5").digest("base64") }, "400 BadDigest"],
    [{ "content-md5": "x" }, "400 InvalidDigest"],
    [{ "x-amz-mp-object-size": "-1" }, "400 InvalidArgument"],
    [{ "x-amz-mp-object-size": "x" }, "400 InvalidArgument"],
    [{ "x-amz-checksum-type": "HALF" }, "400 InvalidRequest"],
    [{ "x-amz-checksum-sha256": composite, "x-amz-checksum-crc32": "AAAAAA==" }, "400 InvalidRequest"],
  ] as [Record<string, string>, string][])
    t.is(outcome(await completeRaw(inner, headers)), expected, JSON.stringify(headers));
  t.is(
    outcome(await completeRaw(inner.replace("<ChecksumSHA256>", "<ChecksumMD5>x</ChecksumMD5><ChecksumSHA256>"))),
    "400 InvalidRequest",
  );
  t.is(await refusal(stand.s3.send(new HeadObjectCommand({ Bucket: stand.bucket, Key: "k" }))), "404 NotFound");
  const done = await complete(Parts, { ChecksumSHA256: `${composite}-2`, ChecksumType: "COMPOSITE" });
  t.like(done, { ChecksumSHA256: `${composite}-2`, ChecksumType: "COMPOSITE" });
  const { Bucket, Key } = upload;
  const shown = await stand.s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
  t.like(shown, { ChecksumSHA256: `${composite}-2`, ChecksumType: "COMPOSITE" });
});

test("CompleteMultipartUpload_full_object_crc_is_that_of_a_single_put", async (t, stand) => {
  const { s3, bucket } = stand;
  const whole = Buffer.concat([five, Buffer.from("hello")]);
  for (const algorithm of ["CRC32", "CRC32C", "CRC64NVME"] as const) {
    const name = `Checksum${algorithm}` as const;
    const put = await s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: "put", Body: whole, ChecksumAlgorithm: algorithm }),
    );
    const { part, complete } = await begin(stand, { ChecksumAlgorithm: algorithm, ChecksumType: "FULL_OBJECT" });
    const Parts = [];
    for (const [index, body] of [five, Buffer.from("hello")].entries())
      Parts.push({ PartNumber: index + 1, ETag: String((await part(index + 1, body)).headers["etag"]) });
    t.is(
      await refusal(complete(Parts, { [name]: Buffer.alloc(algorithm === "CRC64NVME" ? 8 : 4).toString("base64") })),
      "400 BadDigest",
    );
    const done = await complete(Parts, { [name]: put[name], ChecksumType: "FULL_OBJECT" });
    t.is(done[name], put[name], algorithm);
    t.is(done.ChecksumType, "FULL_OBJECT");
  }
});

test("GetObjectAttributes_and_reads_of_parts_by_type_of_checksum", async (t, stand) => {
  const { s3, bucket } = stand;
  const place = { Bucket: bucket, Key: "k" };
  const build = async (ChecksumType: "COMPOSITE" | "FULL_OBJECT") => {
    const { UploadId = "" } = await s3.send(
      new CreateMultipartUploadCommand({ ...place, ChecksumAlgorithm: "CRC32", ChecksumType }),
    );
    const Parts: CompletedPart[] = [];
    for (const PartNumber of [2, 5, 9]) {
      const Body = PartNumber === 9 ? Buffer.from("hello") : five;
      const input = { ...place, UploadId, PartNumber, Body, ChecksumAlgorithm: "CRC32" } as const;
      const { ETag, ChecksumCRC32 } = await s3.send(new UploadPartCommand(input));
      Parts.push({ PartNumber, ETag, ChecksumCRC32 });
    }
    const done = await s3.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }));
    return { done, Parts };
  };
  const attributes = (more: { MaxParts?: number; PartNumberMarker?: string } = {}) =>
    s3.send(new GetObjectAttributesCommand({ ...place, ObjectAttributes: ["Checksum", "ObjectParts"], ...more }));

  const { done, Parts } = await build("COMPOSITE");
  const all = await attributes();
  t.is(done.ChecksumCRC32, `${all.Checksum?.ChecksumCRC32}-3`);
  t.is(all.Checksum?.ChecksumType, "COMPOSITE");
  t.like(all.ObjectParts, { TotalPartsCount: 3, IsTruncated: false, MaxParts: 1000, PartNumberMarker: "0" });
  t.deepEqual(
    all.ObjectParts?.Parts?.map(({ PartNumber, Size, ChecksumCRC32 }) => [PartNumber, Size, ChecksumCRC32]),
    Parts.map(({ PartNumber, ChecksumCRC32 }) => [PartNumber, PartNumber === 9 ? 5 : five.length, ChecksumCRC32]),
  );
  const first = await attributes({ MaxParts: 2 });
  t.like(first.ObjectParts, { IsTruncated: true, NextPartNumberMarker: "5", TotalPartsCount: 3, MaxParts: 2 });
  const rest = await attributes({ MaxParts: 2, PartNumberMarker: "5" });
  t.like(rest.ObjectParts, { IsTruncated: false, PartNumberMarker: "5", NextPartNumberMarker: "9" });
  t.is(rest.ObjectParts?.Parts?.length, 1);

  const part = await s3.send(new GetObjectCommand({ ...place, PartNumber: 9, ChecksumMode: "ENABLED" }));
  t.like(part, { PartsCount: 3, ContentLength: 5, ChecksumCRC32: Parts[2]?.ChecksumCRC32 });
  t.is(await part.Body?.transformToString(), "hello");
  t.is(await refusal(s3.send(new GetObjectCommand({ ...place, PartNumber: 1 }))), "416 InvalidPartNumber");
  t.is(await refusal(s3.send(new GetObjectCommand({ ...place, PartNumber: 10 }))), "416 InvalidPartNumber");

  await build("FULL_OBJECT");
  const bare = await attributes();
  t.is(bare.ObjectParts?.TotalPartsCount, 3);
  t.is(bare.ObjectParts?.Parts, undefined);

  const copied = await s3.send(new CopyObjectCommand({ Bucket: bucket, Key: "to", CopySource: `${bucket}/k` }));
  t.is(copied.CopyObjectResult?.ChecksumType, "FULL_OBJECT");
  t.notRegex(copied.CopyObjectResult?.ETag ?? "-", /-/);
  t.is((await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "to", PartNumber: 1 }))).PartsCount, undefined);
});

test("CopyObject_of_a_composite_checksum_has_one_of_the_whole", async (t, stand) => {
  const { s3, bucket } = stand;
  const { part, complete } = await begin(stand, { ChecksumAlgorithm: "SHA256" });
  const ChecksumSHA256 = sha256(Buffer.from("hello"));
  const { headers } = await part(1, "hello", { "x-amz-checksum-sha256": ChecksumSHA256 });
  await complete([{ PartNumber: 1, ETag: String(headers["etag"]), ChecksumSHA256 }]);
  const { CopyObjectResult } = await s3.send(
    new CopyObjectCommand({ Bucket: bucket, Key: "to", CopySource: `${bucket}/k` }),
  );
  t.like(CopyObjectResult, { ChecksumSHA256, ChecksumType: "FULL_OBJECT" });
});

test("UploadPartCopy_gets_the_checksum_of_the_upload", async (t, stand) => {
  const { s3, bucket } = stand;
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "from", Body: "hello" }));
  const { upload, complete } = await begin(stand, { ChecksumAlgorithm: "SHA256" });
  const { CopyPartResult } = await s3.send(
    new UploadPartCopyCommand({ ...upload, PartNumber: 1, CopySource: `${bucket}/from` }),
  );
  const { ETag, ChecksumSHA256 } = CopyPartResult ?? {};
  t.is(ChecksumSHA256, sha256(Buffer.from("hello")));
  const done = await complete([{ PartNumber: 1, ETag, ChecksumSHA256 }]);
  t.regex(done.ChecksumSHA256 ?? "", /-1$/);
});
