/** The letter of the listings: which members an answer has, what it ignores, and every wrong input by its code. */

import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { eachFront, element, outcome } from "../support/each-front.ts";

const test = eachFront();

async function fill(s3: S3Client, Bucket: string, keys: readonly string[]): Promise<void> {
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
}

test("ListObjects_and_V2_show_checksum_algorithm_and_type", async (t, { s3, bucket, signed }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "sha", Body: "x", ChecksumAlgorithm: "SHA256" }));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "crc", Body: "x" }));
  t.is(outcome(await signed({ method: "PUT", target: `/${bucket}/none`, body: "x" })), "200");
  for (const { Contents } of [
    await s3.send(new ListObjectsV2Command({ Bucket: bucket })),
    await s3.send(new ListObjectsCommand({ Bucket: bucket })),
  ]) {
    t.deepEqual(
      Contents?.map(({ Key, ChecksumAlgorithm, ChecksumType }) => [Key, ChecksumAlgorithm, ChecksumType]),
      [
        ["crc", ["CRC32"], "FULL_OBJECT"],
        ["none", undefined, undefined],
        ["sha", ["SHA256"], "FULL_OBJECT"],
      ],
    );
  }
});

test("ListObjects_shows_owners_always_V2_when_fetched", async (t, { s3, bucket, signed }) => {
  await fill(s3, bucket, ["a"]);
  t.truthy((await s3.send(new ListObjectsCommand({ Bucket: bucket }))).Contents?.[0]?.Owner?.ID);
  for (const [word, isShown] of [
    ["true", true],
    ["false", false],
  ] as const) {
    const answer = await signed({ method: "GET", target: `/${bucket}?fetch-owner=${word}&list-type=2` });
    t.is(element(answer, "ID") !== undefined, isShown, word);
  }
});

test("ListObjectsV2_token_counts_and_start_after_is_echoed", async (t, { s3, bucket }) => {
  await fill(s3, bucket, ["a", "b", "c", "d"]);
  const first = await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1, StartAfter: "a" }));
  t.is(first.Contents?.[0]?.Key, "b");
  const { NextContinuationToken } = first;
  for (const StartAfter of ["a", "z"]) {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, StartAfter, ContinuationToken: NextContinuationToken }),
    );
    t.deepEqual(
      page.Contents?.map(({ Key }) => Key),
      ["c", "d"],
    );
    t.like(page, { StartAfter, ContinuationToken: NextContinuationToken, KeyCount: 2, IsTruncated: false });
    t.is(page.NextContinuationToken, undefined);
  }
});

test("ListObjectsV2_token_of_another_bucket_400", async (t, { s3, bucket, signed }) => {
  await fill(s3, bucket, ["a", "b"]);
  const { NextContinuationToken = "" } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }));
  t.is(outcome(await signed({ method: "PUT", target: `/${bucket}-other` })), "200");
  const target = `/${bucket}-other?continuation-token=${NextContinuationToken}&list-type=2`;
  t.is(outcome(await signed({ method: "GET", target })), "400 InvalidArgument");
  for (let at = 0; at < NextContinuationToken.length; at++) {
    const other = NextContinuationToken[at] === "A" ? "B" : "A";
    const tampered = NextContinuationToken.slice(0, at) + other + NextContinuationToken.slice(at + 1);
    const answer = await signed({ method: "GET", target: `/${bucket}?continuation-token=${tampered}&list-type=2` });
    t.is(outcome(answer), "400 InvalidArgument", `position ${at}`);
  }
});

test("ListObjectsV2_restore_status_is_accepted_and_absent", async (t, { s3, bucket, signed }) => {
  await fill(s3, bucket, ["a"]);
  const page = await s3.send(
    new ListObjectsV2Command({
      Bucket: bucket,
      OptionalObjectAttributes: ["RestoreStatus"],
      RequestPayer: "requester",
    }),
  );
  t.is(page.Contents?.[0]?.Key, "a");
  t.is(page.Contents?.[0]?.RestoreStatus, undefined);
  const headers = { "x-amz-optional-object-attributes": "Colour" };
  t.is(outcome(await signed({ method: "GET", target: `/${bucket}?list-type=2`, headers })), "400 InvalidArgument");
});

test("ListObjectsV2_control_characters_as_references_or_encoded", async (t, { s3, bucket, signed }) => {
  for (const key of ["a%01b", "a%0Db", "a%1Fb", "a%7Fb", "a%EF%BF%BFb"])
    t.is(outcome(await signed({ method: "PUT", target: `/${bucket}/${key}`, body: "x" })), "200");
  const plain = (await signed({ method: "GET", target: `/${bucket}?list-type=2` })).body.toString();
  const written = [...plain.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key);
  t.deepEqual(written, ["a&#1;b", "a&#13;b", "a&#31;b", "a&#127;b", "a&#65535;b"]);
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, EncodingType: "url" }));
  t.deepEqual(
    Contents?.map(({ Key }) => Key),
    ["a%01b", "a%0Db", "a%1Fb", "a%7Fb", "a%EF%BF%BFb"],
  );
});

test("ListObjects_keys_with_odd_slashes_and_dots", async (t, { s3, bucket, signed }) => {
  for (const key of ["//", "/a", "a//b", "a/./b", "a/../b", "%25"])
    t.is(outcome(await signed({ method: "PUT", target: `/${bucket}/${key}`, body: "x" })), "200", key);
  const list = async (Prefix: string) => {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix, Delimiter: "/" }));
    return [...(page.Contents ?? []).map(({ Key }) => Key), ...(page.CommonPrefixes ?? []).map((each) => each.Prefix)];
  };
  t.deepEqual(await list(""), ["%", "/", "a/"]);
  t.deepEqual(await list("/"), ["/a", "//"]);
  t.deepEqual(await list("a/"), ["a/../", "a/./", "a//"]);
  t.deepEqual(await list("a//"), ["a//b"]);
});

for (const [name, words, code] of [
  ["ListObjectsV2_empty_token", "continuation-token=&list-type=2", "InvalidArgument"],
  ["ListObjectsV2_fetch_owner_unknown", "fetch-owner=maybe&list-type=2", "InvalidArgument"],
  ["ListObjectsV2_encoding_type_unknown", "encoding-type=xml&list-type=2", "InvalidArgument"],
  ["ListObjectsV2_max_keys_empty", "list-type=2&max-keys=", "InvalidArgument"],
  ["ListObjectsV2_prefix_not_utf8", "list-type=2&prefix=%FF", "InvalidURI"],
  ["ListObjectsV2_prefix_with_nul", "list-type=2&prefix=%00", "InvalidURI"],
  ["ListObjects_list_type_1", "list-type=1", "InvalidArgument"],
  ["ListObjects_list_type_empty", "list-type=", "InvalidArgument"],
  ["ListObjects_max_keys_negative", "max-keys=-1", "InvalidArgument"],
  ["ListObjects_encoding_type_unknown", "encoding-type=URL", "InvalidArgument"],
  ["ListMultipartUploads_max_uploads_no_number", "max-uploads=x&uploads", "InvalidArgument"],
  ["ListMultipartUploads_encoding_type_unknown", "encoding-type=xml&uploads", "InvalidArgument"],
  [
    "ListMultipartUploads_upload_id_marker_that_is_none",
    "key-marker=k&upload-id-marker=xyz&uploads",
    "InvalidArgument",
  ],
] as const) {
  test(`${name}_400`, async (t, { bucket, signed }) => {
    t.is(outcome(await signed({ method: "GET", target: `/${bucket}?${words}` })), `400 ${code}`);
  });
}

test("ListMultipartUploads_shows_what_an_upload_was_told", async (t, { s3, bucket }) => {
  for (const [Key, ChecksumAlgorithm, ChecksumType] of [
    ["a", "SHA256", "COMPOSITE"],
    ["b", "CRC64NVME", "FULL_OBJECT"],
  ] as const) {
    await s3.send(
      new CreateMultipartUploadCommand({
        Bucket: bucket,
        Key,
        ChecksumAlgorithm,
        ChecksumType,
        StorageClass: "STANDARD_IA",
      }),
    );
  }
  const { Uploads } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  t.deepEqual(
    Uploads?.map(({ Key, ChecksumAlgorithm, ChecksumType, StorageClass }) => [
      Key,
      ChecksumAlgorithm,
      ChecksumType,
      StorageClass,
    ]),
    [
      ["a", "SHA256", "COMPOSITE", "STANDARD_IA"],
      ["b", "CRC64NVME", "FULL_OBJECT", "STANDARD_IA"],
    ],
  );
  t.true(Uploads?.every(({ Owner, Initiator, Initiated }) => Owner?.ID && Initiator?.ID && Initiated instanceof Date));
});

test("ListMultipartUploads_markers_of_uploads_that_are_gone", async (t, { s3, bucket }) => {
  const create = async (Key: string) =>
    (await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }))).UploadId;
  const list = async (input: object) =>
    (await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, ...input }))).Uploads?.map(
      ({ UploadId }) => UploadId,
    ) ?? [];
  const ids = [await create("k"), await create("k"), await create("k"), await create("l")];
  const listed = await list({});
  t.deepEqual([...listed].sort(), [...ids].sort());
  const [first, second, third, other] = listed;
  await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: "k", UploadId: second }));
  t.deepEqual(await list({ KeyMarker: "k", UploadIdMarker: second }), [third, other]);
  t.deepEqual(await list({ KeyMarker: "k" }), [other]);
  t.deepEqual(await list({ UploadIdMarker: "ignored when it stands alone" }), [first, third, other]);
  t.deepEqual(await list({ KeyMarker: "j", UploadIdMarker: third }), [first, third, other]);
  t.deepEqual(await list({ Delimiter: "k", KeyMarker: "k", UploadIdMarker: first }), [other]);
});
