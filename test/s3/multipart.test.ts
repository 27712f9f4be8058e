/** Multipart uploads from begin to end, and everything that can be wrong with their parts. */

import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  type ChecksumType,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { eachFront, outcome, refusal, someBytes } from "../support/each-front.ts";

const test = eachFront();
const MiB = 1024 * 1024;
const md5 = (bytes: Uint8Array): Buffer => createHash("md5").update(bytes).digest();
const five = someBytes(5 * MiB);

class Begun {
  readonly #s3: S3Client;
  readonly place: { readonly Bucket: string; readonly Key: string; readonly UploadId: string };

  constructor(s3: S3Client, place: Begun["place"]) {
    this.#s3 = s3;
    this.place = place;
  }

  static async begin(s3: S3Client, input: CreateMultipartUploadCommandInput): Promise<Begun> {
    const { UploadId = "" } = await s3.send(new CreateMultipartUploadCommand(input));
    return new Begun(s3, { Bucket: input.Bucket ?? "", Key: input.Key ?? "", UploadId });
  }

  async part(PartNumber: number, Body: Uint8Array, algorithm?: ChecksumAlgorithm): Promise<CompletedPart> {
    const more = algorithm === undefined ? {} : { ChecksumAlgorithm: algorithm };
    const part = await this.#s3.send(new UploadPartCommand({ ...this.place, PartNumber, Body, ...more }));
    const { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 } = part;
    return { PartNumber, ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 };
  }

  complete(Parts: CompletedPart[], more: { MpuObjectSize?: number; IfNoneMatch?: string } = {}) {
    return this.#s3.send(new CompleteMultipartUploadCommand({ ...this.place, MultipartUpload: { Parts }, ...more }));
  }
}

test("CompleteMultipartUpload_etag_bytes_and_parts", async (t, { s3, bucket }) => {
  const upload = await Begun.begin(s3, { Bucket: bucket, Key: "k", ContentType: "text/x", Metadata: { a: "1" } });
  const last = someBytes(1234, 9);
  const parts = [await upload.part(1, five), await upload.part(2, last)];
  t.is(await refusal(s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "k" }))), "404 NotFound");
  const { ETag, Location } = await upload.complete(parts);
  t.is(ETag, `"${md5(Buffer.concat([md5(five), md5(last)])).toString("hex")}-2"`);
  t.true(Location?.endsWith(`/${bucket}/k`));
  const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k" }));
  t.like(got, { ETag, ContentType: "text/x", Metadata: { a: "1" } });
  t.true(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Buffer.concat([five, last])));
  const second = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k", PartNumber: 2 }));
  t.like(second, {
    PartsCount: 2,
    ContentLength: 1234,
    ContentRange: `bytes ${five.length}-${five.length + 1233}/${five.length + 1234}`,
  });
  t.true(Buffer.from((await second.Body?.transformToByteArray()) ?? []).equals(last));
  const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "k", PartNumber: 1 }));
  t.like(head, { PartsCount: 2, ContentLength: five.length });
  const across = await s3.send(
    new GetObjectCommand({ Bucket: bucket, Key: "k", Range: `bytes=${five.length - 10}-${five.length + 9}` }),
  );
  t.true(
    Buffer.from((await across.Body?.transformToByteArray()) ?? []).equals(
      Buffer.concat([five.subarray(-10), last.subarray(0, 10)]),
    ),
  );
  const attributes = await s3.send(
    new GetObjectAttributesCommand({ Bucket: bucket, Key: "k", ObjectAttributes: ["ObjectParts", "ObjectSize"] }),
  );
  t.is(attributes.ObjectParts?.TotalPartsCount, 2);
  t.is(attributes.ObjectSize, five.length + 1234);
});

test("CompleteMultipartUpload_again_answers_the_same_then_NoSuchUpload_for_parts", async (t, { s3, bucket }) => {
  const upload = await Begun.begin(s3, { Bucket: bucket, Key: "k", ServerSideEncryption: "AES256" });
  const parts = [await upload.part(1, someBytes(10))];
  const first = await upload.complete(parts);
  t.is(first.ServerSideEncryption, "AES256");
  t.like(await upload.complete(parts), { ETag: first.ETag, ServerSideEncryption: "AES256" });
  t.is(await refusal(upload.part(2, someBytes(10))), "404 NoSuchUpload");
  t.is(await refusal(s3.send(new ListPartsCommand(upload.place))), "404 NoSuchUpload");
});

test("CompleteMultipartUpload_small_part_that_is_not_the_last_400", async (t, { s3, bucket }) => {
  const upload = await Begun.begin(s3, { Bucket: bucket, Key: "k" });
  const parts = [await upload.part(1, someBytes(5 * MiB - 1)), await upload.part(2, someBytes(1))];
  t.is(await refusal(upload.complete(parts)), "400 EntityTooSmall");
  // Nothing is lost: the part can be replaced and the upload completed.
  parts[0] = await upload.part(1, five);
  await t.notThrowsAsync(upload.complete(parts));
});

test("CompleteMultipartUpload_parts_unknown_changed_unordered_or_none_400", async (t, { s3, bucket, signed }) => {
  const upload = await Begun.begin(s3, { Bucket: bucket, Key: "k" });
  const one = await upload.part(1, five);
  const two = await upload.part(2, someBytes(100));
  t.is(await refusal(upload.complete([two, one])), "400 InvalidPartOrder");
  t.is(await refusal(upload.complete([one, one])), "400 InvalidPartOrder");
  t.is(await refusal(upload.complete([one, { ...two, PartNumber: 3 }])), "400 InvalidPart");
  t.is(await refusal(upload.complete([one, { ...two, ETag: one.ETag }])), "400 InvalidPart");
  await upload.part(2, someBytes(101));
  t.is(await refusal(upload.complete([one, two])), "400 InvalidPart");
  const target = `/${bucket}/k?uploadId=${upload.place.UploadId}`;
  for (const body of [
    "",
    "<CompleteMultipartUpload/>",
    "<Complete",
    "<CompleteMultipartUpload><Part/></CompleteMultipartUpload>",
  ])
    t.regex(outcome(await signed({ method: "POST", target, body })), /^400 (MalformedXML|InvalidRequest)$/, body);
  t.is(await refusal(upload.complete([one], { MpuObjectSize: 1 })), "400 InvalidRequest");
  await t.notThrowsAsync(upload.complete([one], { MpuObjectSize: five.length }));
});

test("CompleteMultipartUpload_if_none_match_existing_key_412", async (t, { s3, bucket }) => {
  const uploads = [
    await Begun.begin(s3, { Bucket: bucket, Key: "k" }),
    await Begun.begin(s3, { Bucket: bucket, Key: "k" }),
  ];
  const outcomes = await Promise.all(
    uploads.map(async (upload, index) => {
      const parts = [await upload.part(1, someBytes(10 + index))];
      return refusal(upload.complete(parts, { IfNoneMatch: "*" }));
    }),
  );
  t.deepEqual(outcomes.sort(), ["412 PreconditionFailed", "no error"]);
});

test("UploadPart_part_numbers_and_unknown_uploads", async (t, { s3, bucket, signed }) => {
  const { UploadId } = (await Begun.begin(s3, { Bucket: bucket, Key: "k" })).place;
  for (const number of ["0", "10001", "-1", "x", "1e3", ""])
    t.is(
      outcome(
        await signed({ method: "PUT", target: `/${bucket}/k?partNumber=${number}&uploadId=${UploadId}`, body: "x" }),
      ),
      "400 InvalidArgument",
      number,
    );
  for (const id of ["x", "", "a".repeat(200), `${UploadId}0`])
    t.is(
      outcome(await signed({ method: "PUT", target: `/${bucket}/k?partNumber=1&uploadId=${id}`, body: "x" })),
      "404 NoSuchUpload",
      id,
    );
  const otherKey = `/${bucket}/other?partNumber=1&uploadId=${UploadId}`;
  t.is(outcome(await signed({ method: "PUT", target: otherKey, body: "x" })), "404 NoSuchUpload");
  t.is(
    outcome(await signed({ method: "PUT", target: `/${bucket}/k?uploadId=${UploadId}`, body: "x" })),
    "400 InvalidArgument",
  );
});

test("AbortMultipartUpload_204_then_404", async (t, { s3, bucket, signed }) => {
  const upload = await Begun.begin(s3, { Bucket: bucket, Key: "k" });
  const part = await upload.part(1, five);
  await s3.send(new AbortMultipartUploadCommand(upload.place));
  t.is(await refusal(upload.complete([part])), "404 NoSuchUpload");
  t.is(await refusal(s3.send(new AbortMultipartUploadCommand(upload.place))), "404 NoSuchUpload");
  t.is((await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads, undefined);
  t.is(outcome(await signed({ method: "HEAD", target: `/${bucket}/k` })), "404");
});

test("ListParts_pages", async (t, { s3, bucket }) => {
  const upload = await Begun.begin(s3, { Bucket: bucket, Key: "k" });
  const numbers = [1, 2, 5, 9, 10_000];
  for (const number of numbers) await upload.part(number, someBytes(number % 100));
  const seen: (number | undefined)[] = [];
  let PartNumberMarker: string | undefined;
  for (let page = 0; page < 5; page++) {
    const listed = await s3.send(new ListPartsCommand({ ...upload.place, MaxParts: 2, PartNumberMarker }));
    seen.push(...(listed.Parts ?? []).map(({ PartNumber }) => PartNumber));
    t.true(listed.Parts?.every(({ Size, PartNumber = 0, ETag }) => Size === PartNumber % 100 && ETag !== undefined));
    if (listed.IsTruncated !== true) break;
    PartNumberMarker = listed.NextPartNumberMarker;
  }
  t.deepEqual(seen, numbers);
});

test("ListMultipartUploads_pages_prefix_and_delimiter", async (t, { s3, bucket }) => {
  const keys = ["a", "b/1", "b/1", "b/2", "c"];
  const ids = new Set<string>();
  for (const Key of keys) ids.add((await Begun.begin(s3, { Bucket: bucket, Key })).place.UploadId);
  const seen: [string | undefined, string | undefined][] = [];
  let markers: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (let page = 0; page < 6; page++) {
    const listed = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, MaxUploads: 2, ...markers }));
    seen.push(...(listed.Uploads ?? []).map(({ Key, UploadId }) => [Key, UploadId] as [string, string]));
    if (listed.IsTruncated !== true) break;
    const { NextKeyMarker: KeyMarker = "", NextUploadIdMarker: UploadIdMarker = "" } = listed;
    markers = { KeyMarker, UploadIdMarker };
  }
  t.deepEqual(
    seen.map(([key]) => key),
    keys,
  );
  t.deepEqual(seen.map(([, id]) => id).sort(), [...ids].sort());
  const folders = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Delimiter: "/" }));
  t.deepEqual(
    folders.Uploads?.map(({ Key }) => Key),
    ["a", "c"],
  );
  t.deepEqual(
    folders.CommonPrefixes?.map(({ Prefix }) => Prefix),
    ["b/"],
  );
  t.is((await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: "b/" }))).Uploads?.length, 3);
});

test("lib_storage_Upload_with_its_defaults", async (t, { s3, bucket }) => {
  const Body = someBytes(12 * MiB + 345);
  await new Upload({ client: s3, params: { Bucket: bucket, Key: "k", Body } }).done();
  const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k" }));
  t.true(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Body));
  t.regex(got.ETag ?? "", /-3"$/);
});

for (const [algorithm, type] of [
  ["CRC32", "FULL_OBJECT"],
  ["CRC32", "COMPOSITE"],
  ["CRC32C", "FULL_OBJECT"],
  ["CRC64NVME", "FULL_OBJECT"],
  ["SHA1", "COMPOSITE"],
  ["SHA256", "COMPOSITE"],
] as [ChecksumAlgorithm, ChecksumType][]) {
  test(`CompleteMultipartUpload_${algorithm}_${type}`, async (t, { s3, bucket }) => {
    const name = `Checksum${algorithm}` as "ChecksumCRC32";
    const upload = await Begun.begin(s3, {
      Bucket: bucket,
      Key: "k",
      ChecksumAlgorithm: algorithm,
      ChecksumType: type,
    });
    const last = someBytes(777, 3);
    const parts = [await upload.part(1, five, algorithm), await upload.part(2, last, algorithm)];
    const bare = parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
    if (type === "COMPOSITE") t.is(await refusal(upload.complete(bare)), "400 InvalidRequest");
    const done = await upload.complete(type === "COMPOSITE" ? parts : bare);
    t.is(done.ChecksumType, type);
    const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k", ChecksumMode: "ENABLED" }));
    t.is(got[name], done[name]);
    t.is(/-2$/.test(done[name] ?? ""), type === "COMPOSITE");
    t.true(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Buffer.concat([five, last])));
  });
}
