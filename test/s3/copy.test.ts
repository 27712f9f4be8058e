/** Copies: of whole objects and of parts, with their conditions and directives. */

import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  type CopyObjectCommandInput,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { eachFront, refusal, someBytes } from "../support/each-front.ts";

const test = eachFront();

async function read(s3: S3Client, Bucket: string, Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

test("CopyObject_every_storage_tier_in_and_between_buckets", async (t, { s3, bucket }) => {
  const other = `${bucket}-other`;
  await s3.send(new CreateBucketCommand({ Bucket: other }));
  for (const size of [0, 10, 9000, 300_000, 5_000_000]) {
    const Body = someBytes(size);
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "from ü+", Body }));
    for (const target of [bucket, other]) {
      const CopySource = `${bucket}/${encodeURIComponent("from ü+")}`;
      const copied = await s3.send(new CopyObjectCommand({ Bucket: target, Key: "to", CopySource }));
      t.is(copied.CopyObjectResult?.ETag, ETag, String(size));
      t.truthy(copied.CopyObjectResult?.LastModified);
      t.true((await read(s3, target, "to")).equals(Body), String(size));
    }
  }
});

test("CopyObject_metadata_is_copied_or_replaced", async (t, { s3, bucket }) => {
  const source = { Bucket: bucket, Key: "from", Body: "x", ContentType: "text/a", Metadata: { a: "1" } };
  await s3.send(new PutObjectCommand(source));
  const CopySource = `/${bucket}/from`;
  await s3.send(
    new CopyObjectCommand({ Bucket: bucket, Key: "kept", CopySource, ContentType: "text/b", Metadata: { b: "2" } }),
  );
  t.like(await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "kept" })), {
    ContentType: "text/a",
    Metadata: { a: "1" },
  });
  const replaced = { Bucket: bucket, Key: "replaced", CopySource, ContentType: "text/b", Metadata: { b: "2" } };
  await s3.send(new CopyObjectCommand({ ...replaced, MetadataDirective: "REPLACE" }));
  t.like(await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "replaced" })), {
    ContentType: "text/b",
    Metadata: { b: "2" },
  });
});

test("CopyObject_onto_itself_400_unless_something_changes", async (t, { s3, bucket }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x", Metadata: { a: "1" } }));
  const copy = (more: Partial<CopyObjectCommandInput> = {}) =>
    s3.send(new CopyObjectCommand({ Bucket: bucket, Key: "k", CopySource: `${bucket}/k`, ...more }));
  t.is(await refusal(copy()), "400 InvalidRequest");
  await copy({ MetadataDirective: "REPLACE", Metadata: { c: "3" } });
  const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k" }));
  t.deepEqual(got.Metadata, { c: "3" });
  t.is(await got.Body?.transformToString(), "x");
});

test("CopyObject_conditions_on_source_and_target", async (t, { s3, bucket }) => {
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "from", Body: "x" }));
  const copy = (more: Partial<CopyObjectCommandInput>) =>
    refusal(s3.send(new CopyObjectCommand({ Bucket: bucket, Key: "to", CopySource: `${bucket}/from`, ...more })));
  t.is(await copy({ CopySourceIfMatch: '"no"' }), "412 PreconditionFailed");
  t.is(await copy({ CopySourceIfNoneMatch: ETag }), "412 PreconditionFailed");
  t.is(await copy({ CopySourceIfModifiedSince: new Date(0), CopySourceIfMatch: ETag }), "no error");
  t.is(await copy({ CopySourceIfUnmodifiedSince: new Date(0) }), "412 PreconditionFailed");
  t.is(await copy({ IfNoneMatch: "*" }), "412 PreconditionFailed");
  t.is(await copy({ IfMatch: ETag }), "no error");
});

test("CopyObject_source_absent_404_or_malformed_400", async (t, { s3, bucket }) => {
  const copy = (CopySource: string) =>
    refusal(s3.send(new CopyObjectCommand({ Bucket: bucket, Key: "to", CopySource })));
  t.is(await copy(`${bucket}/absent`), "404 NoSuchKey");
  t.is(await copy("absent-bucket/k"), "404 NoSuchBucket");
  t.is(await copy("no-slash"), "400 InvalidArgument");
  t.is(await copy("/"), "400 InvalidArgument");
});

test("UploadPartCopy_whole_and_ranges", async (t, { s3, bucket }) => {
  const Body = someBytes(6_000_000);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "from", Body }));
  const place = { Bucket: bucket, Key: "to" };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(place));
  const copy = async (PartNumber: number, CopySourceRange?: string) => {
    const part = { ...place, UploadId, PartNumber, CopySource: `${bucket}/from` };
    const { CopyPartResult } = await s3.send(
      new UploadPartCopyCommand(CopySourceRange === undefined ? part : { ...part, CopySourceRange }),
    );
    return { PartNumber, ETag: CopyPartResult?.ETag, ChecksumCRC32: CopyPartResult?.ChecksumCRC32 };
  };
  const Parts = [await copy(1), await copy(2, "bytes=0-5499999"), await copy(3, "bytes=100-100")];
  for (const range of ["bytes=0-6000000", "bytes=5-", "bytes=-5", "0-5"])
    t.is(await refusal(copy(4, range)), "400 InvalidArgument", range);
  await s3.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }));
  const expected = Buffer.concat([Body, Body.subarray(0, 5_500_000), Body.subarray(100, 101)]);
  t.true((await read(s3, bucket, "to")).equals(expected));
});
