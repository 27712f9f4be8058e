/** Storage classes: every name of the model is taken, kept and answered by every operation that carries one; none has an effect. */

import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  StorageClass,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { eachFront, outcome, refusal } from "../support/each-front.ts";

const test = eachFront();
const classes = Object.values(StorageClass);
/** As headers of objects answer it: the usual class is not said. */
const header = (name: StorageClass) => (name === "STANDARD" ? undefined : name);

test("PutObject_every_class_is_answered_everywhere", async (t, { s3, bucket }) => {
  t.true(classes.length >= 13);
  for (const StorageClass of classes) {
    const place = { Bucket: bucket, Key: StorageClass };
    await s3.send(new PutObjectCommand({ ...place, Body: "x", StorageClass }));
    const got = await s3.send(new GetObjectCommand(place));
    t.is(await got.Body?.transformToString(), "x", "the bytes of every class are at hand");
    t.is(got.StorageClass, header(StorageClass));
    t.is((await s3.send(new HeadObjectCommand(place))).StorageClass, header(StorageClass));
    const attributes = new GetObjectAttributesCommand({ ...place, ObjectAttributes: ["StorageClass"] });
    t.is((await s3.send(attributes)).StorageClass, StorageClass);
  }
  const listings = [
    (await s3.send(new ListObjectsCommand({ Bucket: bucket }))).Contents,
    (await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents,
    (await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }))).Versions,
  ];
  for (const listed of listings) {
    t.deepEqual(
      listed?.map(({ Key, StorageClass }) => [Key, StorageClass]),
      [...classes].sort().map((name) => [name, name]),
    );
  }
});

test("CopyObject_class_is_the_requests_own", async (t, { s3, bucket }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x", StorageClass: "GLACIER" }));
  const classOf = async (Key: string) => (await s3.send(new HeadObjectCommand({ Bucket: bucket, Key }))).StorageClass;
  const copy = { Bucket: bucket, CopySource: `${bucket}/k` };
  await s3.send(new CopyObjectCommand({ ...copy, Key: "plain" }));
  t.is(await classOf("plain"), undefined);
  for (const StorageClass of classes) {
    await s3.send(new CopyObjectCommand({ ...copy, Key: StorageClass, StorageClass }));
    t.is(await classOf(StorageClass), header(StorageClass));
  }
  await s3.send(new CopyObjectCommand({ ...copy, Key: "k", StorageClass: "STANDARD_IA" }));
  t.is(await classOf("k"), "STANDARD_IA", "a copy onto itself changes the class");
});

test("CreateMultipartUpload_class_is_kept_to_the_object", async (t, { s3, bucket }) => {
  for (const StorageClass of classes) {
    const place = { Bucket: bucket, Key: StorageClass };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...place, StorageClass }));
    const part = { ...place, UploadId, PartNumber: 1 };
    const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: "x" }));
    t.is((await s3.send(new ListPartsCommand({ ...place, UploadId }))).StorageClass, StorageClass);
    const { Uploads } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    t.is(Uploads?.[0]?.StorageClass, StorageClass);
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    await s3.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload }));
    t.is((await s3.send(new HeadObjectCommand(place))).StorageClass, header(StorageClass));
  }
});

test("PutObject_unknown_class_400", async (t, { s3, bucket, signed }) => {
  const place = { Bucket: bucket, Key: "k", StorageClass: "PAPER" as StorageClass };
  t.is(await refusal(s3.send(new PutObjectCommand({ ...place, Body: "x" }))), "400 InvalidStorageClass");
  t.is(await refusal(s3.send(new CreateMultipartUploadCommand(place))), "400 InvalidStorageClass");
  const lower = { method: "PUT", target: `/${bucket}/k`, headers: { "x-amz-storage-class": "glacier" } };
  t.is(outcome(await signed(lower)), "400 InvalidStorageClass");
});
