/** Buckets whose requesters pay: who must say so, what is answered, and whose usage it is. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketLoggingCommand,
  PutBucketPolicyCommand,
  PutBucketRequestPaymentCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import ava from "ava";
import { accounts, as, policyOf, statement } from "../support/bucket-access.ts";
import { eachFront, outcome, refusal } from "../support/each-front.ts";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { postForm, signedFields } from "../support/post-form.ts";
import { presign } from "../support/presign.ts";
import { readAccountUsage } from "../support/usage-read.ts";

const test = eachFront({ identities: { accounts } });
const owner = "100000000000";
const stranger = "300000000000";

const clientOf = (endpoint: string, credentials: { accessKeyId: string; secretAccessKey: string }) =>
  new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1, credentials });

/** An object that everybody may read, change and list, at the requester's cost. */
async function publish(s3: S3Client, bucket: string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "0123456789" }));
  const Policy = policyOf(statement(bucket, "Allow", "*", "s3:*"));
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  const RequestPaymentConfiguration = { Payer: "Requester" } as const;
  await s3.send(new PutBucketRequestPaymentCommand({ Bucket: bucket, RequestPaymentConfiguration }));
}

const pays = { RequestPayer: "requester" } as const;

test("RequestPayer_of_another_account_is_required_and_answered", async (t, { s3, endpoint, bucket }) => {
  await publish(s3, bucket);
  const other = clientOf(endpoint, as("stranger"));
  const at = { Bucket: bucket, Key: "k" };
  t.is(await refusal(other.send(new GetObjectCommand(at))), "403 AccessDenied");
  t.is(await refusal(other.send(new HeadObjectCommand(at))), "403 Unknown");
  t.is(await refusal(other.send(new ListObjectsV2Command({ Bucket: bucket }))), "403 AccessDenied");
  t.is(await refusal(other.send(new PutObjectCommand({ ...at, Body: "x" }))), "403 AccessDenied");
  t.is(await refusal(other.send(new GetObjectTaggingCommand(at))), "403 AccessDenied");
  const read = await other.send(new GetObjectCommand({ ...at, ...pays }));
  t.is(await read.Body?.transformToString(), "0123456789", "what was refused has changed nothing");
  t.is(read.RequestCharged, "requester");
  t.is((await other.send(new HeadObjectCommand({ ...at, ...pays }))).RequestCharged, "requester");
  t.is((await other.send(new ListObjectsV2Command({ Bucket: bucket, ...pays }))).RequestCharged, "requester");
  t.is((await other.send(new PutObjectCommand({ Bucket: bucket, Key: "n", ...pays }))).RequestCharged, "requester");
  const Delete = { Objects: [{ Key: "n" }] };
  t.is(await refusal(other.send(new DeleteObjectsCommand({ Bucket: bucket, Delete }))), "403 AccessDenied");
  const deleted = await other.send(new DeleteObjectsCommand({ Bucket: bucket, Delete, ...pays }));
  t.deepEqual([deleted.RequestCharged, deleted.Deleted?.length], ["requester", 1]);
  t.is(await refusal(other.send(new GetObjectCommand({ Bucket: bucket, Key: "absent", ...pays }))), "404 NoSuchKey");
  await other.send(new HeadBucketCommand({ Bucket: bucket }));
  other.destroy();
});

test("RequestPayer_of_the_owners_account_is_without_effect", async (t, { s3, endpoint, bucket }) => {
  await publish(s3, bucket);
  const user = clientOf(endpoint, as("full"));
  for (const client of [s3, user]) {
    for (const said of [{}, pays]) {
      const read = await client.send(new GetObjectCommand({ Bucket: bucket, Key: "k", ...said }));
      t.is(await read.Body?.transformToString(), "0123456789");
      t.is(read.RequestCharged, undefined);
    }
  }
  user.destroy();
});

test("RequestPayer_where_the_owner_pays_is_without_effect", async (t, { s3, endpoint, bucket }) => {
  await publish(s3, bucket);
  const RequestPaymentConfiguration = { Payer: "BucketOwner" } as const;
  await s3.send(new PutBucketRequestPaymentCommand({ Bucket: bucket, RequestPaymentConfiguration }));
  const other = clientOf(endpoint, as("stranger"));
  const read = await other.send(new GetObjectCommand({ Bucket: bucket, Key: "k", ...pays }));
  await read.Body?.transformToString();
  t.is(read.RequestCharged, undefined);
  other.destroy();
});

test("GetObject_unsigned_or_presigned_of_a_requester_pays_bucket", async (t, { s3, endpoint, bucket, plain }) => {
  await publish(s3, bucket);
  const target = `/${bucket}/k`;
  for (const headers of [{}, { "x-amz-request-payer": "requester" }]) {
    t.is(outcome(await plain({ method: "GET", target, headers })), "403 AccessDenied");
  }
  const signer = { endpoint, ...as("stranger") };
  t.is(outcome(await plain({ method: "GET", target: presign(signer, "GET", target) })), "403 AccessDenied");
  const paid = await plain({ method: "GET", target: presign(signer, "GET", target, "x-amz-request-payer=requester") });
  t.is(paid.status, 200);
  t.is(paid.headers["x-amz-request-charged"], "requester");
});

test("PostObject_into_a_requester_pays_bucket_says_it_in_a_field", async (t, { s3, endpoint, bucket }) => {
  await publish(s3, bucket);
  const { accessKeyId, secretAccessKey: secret } = as("stranger");
  const post = (more: Readonly<Record<string, string>>) => {
    const conditions = [{ bucket }, ["starts-with", "$key", ""], ["starts-with", "$x-amz-request-payer", ""]];
    return postForm(endpoint, bucket, { key: "form", ...more, ...signedFields({ conditions, accessKeyId, secret }) });
  };
  t.is((await post({ "x-amz-request-payer": "owner" })).status, 403);
  const paid = await post({ "x-amz-request-payer": "requester" });
  t.deepEqual([paid.status, paid.headers.get("x-amz-request-charged")], [204, "requester"]);
});

test("CopyObject_of_a_requester_pays_source", async (t, { s3, endpoint, bucket }) => {
  await publish(s3, bucket);
  const other = clientOf(endpoint, as("strangers-root"));
  const own = `${bucket}-own`;
  await other.send(new CreateBucketCommand({ Bucket: own }));
  const copy = { Bucket: own, Key: "copy", CopySource: `${bucket}/k` };
  t.is(await refusal(other.send(new CopyObjectCommand(copy))), "403 AccessDenied");
  t.is((await other.send(new CopyObjectCommand({ ...copy, ...pays }))).RequestCharged, "requester");
  other.destroy();
});

test("PutBucketLogging_into_a_requester_pays_bucket_is_refused", async (t, { s3, bucket }) => {
  const target = `${bucket}-logs`;
  await s3.send(new CreateBucketCommand({ Bucket: target }));
  await publish(s3, target);
  const LoggingEnabled = { TargetBucket: target, TargetPrefix: "" };
  const put = s3.send(new PutBucketLoggingCommand({ Bucket: bucket, BucketLoggingStatus: { LoggingEnabled } }));
  t.is(await refusal(put), "400 InvalidTargetBucketForLogging");
});

ava("what the requester pays is his account's usage, and the owner's is what the owner asks and keeps", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "troupe-payer-"));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const identities = join(directory, "identities.json");
  writeFileSync(identities, JSON.stringify({ accounts }));
  const data = join(directory, "data");
  const node = await NodeProcess.start({ data, arguments: ["--identities", identities] });
  const s3 = clientOf(node.endpoint, testKeys);
  const other = clientOf(node.endpoint, as("stranger"));
  await s3.send(new CreateBucketCommand({ Bucket: "priced" }));
  await publish(s3, "priced");
  const at = { Bucket: "priced", Key: "k" };
  for (let index = 0; index < 3; index++) {
    await (await other.send(new GetObjectCommand({ ...at, ...pays }))).Body?.transformToString();
  }
  await (await s3.send(new GetObjectCommand(at))).Body?.transformToString();
  s3.destroy();
  other.destroy();
  t.is(await node.stop(), 0);

  const used = async (accountId: string) => {
    const { buckets } = await readAccountUsage(data, accountId);
    return buckets.map(({ bucket, storedBytes, egressBytes, requests }) => [
      bucket,
      storedBytes,
      egressBytes,
      requests.read,
      requests.write,
    ]);
  };
  t.deepEqual(await used(stranger), [["priced", 0, 30, 3, 0]]);
  t.deepEqual(await used(owner), [["priced", 10, 10, 1, 3]]);
});
