// An S3 server for a test: started, used, emptied and closed inside one program. Needs @aws-sdk/client-s3.
import assert from "node:assert/strict";
import { CreateBucketCommand, GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startNode } from "troupe";

const node = await startNode();
const { endpoint, region, credentials } = node;
const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });

await s3.send(new CreateBucketCommand({ Bucket: "photos" }));
await s3.send(new PutObjectCommand({ Bucket: "photos", Key: "cat.txt", Body: "meow" }));
const { Body } = await s3.send(new GetObjectCommand({ Bucket: "photos", Key: "cat.txt" }));
assert.equal(await Body.transformToString(), "meow");

await node.reset(); // between tests
const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
assert.deepEqual(Buckets, []);

await node.close();
