/** Requests that nobody signed: what they may ask for, and the bodies that they bring. */

import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { accounts, policyOf, statement } from "../support/bucket-access.ts";
import { eachFront, outcome, refusal } from "../support/each-front.ts";

const test = eachFront({ identities: { accounts } });

test("unsigned_requests_cannot_ask_for_headers_of_the_answer_nor_copy_nor_begin_uploads", async (t, {
  s3,
  bucket,
  plain,
}) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  await s3.send(
    new PutBucketPolicyCommand({ Bucket: bucket, Policy: policyOf(statement(bucket, "Allow", "*", "s3:*")) }),
  );
  const ask = async (method: string, target: string, headers = {}) => outcome(await plain({ method, target, headers }));
  t.is(await ask("GET", `/${bucket}/k?response-content-type=text/html`), "400 InvalidRequest");
  t.is((await plain({ method: "HEAD", target: `/${bucket}/k?response-expires=x` })).status, 400);
  t.is(await ask("PUT", `/${bucket}/c`, { "x-amz-copy-source": `/${bucket}/k` }), "403 AccessDenied");
  t.is(await ask("POST", `/${bucket}/c?uploads`), "403 AccessDenied");
  t.is(await ask("GET", `/${bucket}?policy`), "405 MethodNotAllowed");
  t.is(await ask("GET", `/${bucket}/k`), "200");
});

test("a_bad_signature_is_never_anonymous", async (t, { s3, bucket, plain, signed }) => {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  await s3.send(
    new PutBucketPolicyCommand({ Bucket: bucket, Policy: policyOf(statement(bucket, "Allow", "*", "s3:*")) }),
  );
  const target = `/${bucket}/k`;
  t.is((await plain({ method: "GET", target })).status, 200);
  for (const authorization of ["", "x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a", "AWS a:b", "Bearer x"]) {
    const { status } = await plain({ method: "GET", target, headers: { authorization } });
    t.true(status === 400 || status === 403, `Authorization: ${authorization} is ${status}`);
  }
  for (const query of [
    "X-Amz-Signature=x",
    "X-Amz-Credential=x",
    "X-Amz-Algorithm=x",
    "AWSAccessKeyId=x",
    "Signature=x",
  ]) {
    const { status } = await plain({ method: "GET", target: `${target}?${query}` });
    t.true(status === 400 || status === 403, `${query} is ${status}`);
  }
  t.is(
    outcome(await signed({ method: "GET", target, accessKeyId: "AKNOBODYATALL00", secretAccessKey: "x" })),
    "403 InvalidAccessKeyId",
  );
  t.is(outcome(await signed({ method: "GET", target, secretAccessKey: "x" })), "403 SignatureDoesNotMatch");
});

test("unsigned_bodies_plain_and_in_chunks_with_a_trailer", async (t, { s3, bucket, plain }) => {
  await s3.send(
    new PutBucketPolicyCommand({
      Bucket: bucket,
      Policy: policyOf(statement(bucket, "Allow", "*", ["s3:PutObject", "s3:GetObject"])),
    }),
  );
  await s3.send(
    new PutBucketOwnershipControlsCommand({
      Bucket: bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    }),
  );
  const put = async (key: string, body: string, headers: Record<string, string>) =>
    outcome(await plain({ method: "PUT", target: `/${bucket}/${key}`, body, headers }));
  const get = async (key: string) => (await plain({ method: "GET", target: `/${bucket}/${key}` })).body.toString();
  t.is(await put("plain", "x", {}), "200");
  t.is(await put("said", "x", { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }), "200");
  t.is(await put("hashed", "x", { "x-amz-content-sha256": "0".repeat(64) }), "400 XAmzContentSHA256Mismatch");
  const chunked = "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n";
  const streaming = {
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": "3",
    "x-amz-trailer": "x-amz-checksum-crc32",
  };
  const unsigned = { ...streaming, "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER" };
  t.is(await put("chunked", chunked, unsigned), "200");
  t.is(await get("chunked"), "abc");
  t.is(await put("torn", chunked.replace("NSRB", "AAAA"), unsigned), "400 BadDigest");
  const signedMode = { ...streaming, "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" };
  t.is(await put("signed", chunked, signedMode), "400 InvalidRequest");
  t.is((await plain({ method: "GET", target: `/${bucket}/torn` })).status, 403);
});

test("UploadPart_unsigned_in_every_way_that_needs_no_signature", async (t, { s3, bucket, plain }) => {
  const { UploadId = "" } = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: "k" }));
  const part = async (body: string, headers = {}) => {
    const target = `/${bucket}/k?partNumber=1&uploadId=${UploadId}`;
    return outcome(await plain({ method: "PUT", target, body, headers }));
  };
  t.is(await part("x"), "403 AccessDenied");
  const Policy = policyOf(statement(bucket, "Allow", "*", "s3:PutObject"));
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  t.is(await part("x"), "200");
  const mode = (name: string) => ({ "x-amz-content-sha256": name });
  t.is(await part("x", mode("UNSIGNED-PAYLOAD")), "200");
  t.is(await part("x", mode("0".repeat(64))), "400 XAmzContentSHA256Mismatch");
  const framed = { "content-encoding": "aws-chunked", "x-amz-decoded-content-length": "3" };
  const chunked = "3\r\nabc\r\n0\r\n\r\n";
  t.is(await part(chunked, { ...framed, ...mode("STREAMING-UNSIGNED-PAYLOAD-TRAILER") }), "200");
  t.is(await part(chunked, { ...framed, ...mode("STREAMING-AWS4-HMAC-SHA256-PAYLOAD") }), "400 InvalidRequest");
  t.is(await part(chunked, { ...framed, ...mode("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") }), "400 InvalidRequest");
});

test("an_SDK_that_does_not_sign_reads_writes_and_lists", async (t, { s3, bucket, endpoint }) => {
  const Policy = policyOf(statement(bucket, "Allow", "*", ["s3:GetObject", "s3:PutObject", "s3:ListBucket"]));
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  await s3.send(
    new PutBucketOwnershipControlsCommand({
      Bucket: bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    }),
  );
  const anonymous = new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    maxAttempts: 1,
    signer: { sign: async (request) => request },
    credentials: { accessKeyId: "", secretAccessKey: "" },
  });
  await anonymous.send(
    new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "of nobody", ContentType: "text/plain" }),
  );
  const read = await anonymous.send(new GetObjectCommand({ Bucket: bucket, Key: "k" }));
  t.is(await read.Body?.transformToString(), "of nobody");
  const listed = await anonymous.send(new ListObjectsV2Command({ Bucket: bucket }));
  t.deepEqual(
    listed.Contents?.map(({ Key }) => Key),
    ["k"],
  );
  t.is(await refusal(anonymous.send(new ListBucketsCommand({}))), "403 AccessDenied");
  t.is(await refusal(anonymous.send(new DeleteObjectCommand({ Bucket: bucket, Key: "k" }))), "403 AccessDenied");
  anonymous.destroy();
});
