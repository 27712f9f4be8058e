/** Default encryption of buckets over HTTPS: what it makes of writes, and documents that are refused. */

import { createHash } from "node:crypto";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  DeleteBucketEncryptionCommand,
  GetBucketEncryptionCommand,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { eachFront, element, outcome, refusal } from "../support/each-front.ts";
import { customer, read } from "../support/encrypted-objects.ts";

const test = eachFront({ tls: true, settings: ['encryption.keys=[{"id":"first"},{"id":"second"}]'] });

test("PutBucketEncryption_is_the_default_of_writes", async (t, { s3, bucket }) => {
  const Bucket = bucket;
  t.is(
    await refusal(s3.send(new GetBucketEncryptionCommand({ Bucket }))),
    "404 ServerSideEncryptionConfigurationNotFoundError",
  );
  const rule = (SSEAlgorithm: "AES256" | "aws:kms", KMSMasterKeyID?: string) => ({
    Rules: [
      {
        ApplyServerSideEncryptionByDefault: {
          SSEAlgorithm,
          ...(KMSMasterKeyID === undefined ? {} : { KMSMasterKeyID }),
        },
        BucketKeyEnabled: SSEAlgorithm === "aws:kms",
      },
    ],
  });
  const put = (ServerSideEncryptionConfiguration: ReturnType<typeof rule>) =>
    s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }));
  await put(rule("AES256"));
  t.deepEqual(
    (await s3.send(new GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration,
    rule("AES256"),
  );
  t.is((await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x" }))).ServerSideEncryption, "AES256");
  await put(rule("aws:kms", "second"));
  const stored = await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x" }));
  t.like(stored, { ServerSideEncryption: "aws:kms", BucketKeyEnabled: true });
  t.regex(stored.SSEKMSKeyId ?? "", /key\/second$/);
  const named = { ServerSideEncryption: "AES256" as const };
  t.like(await s3.send(new PutObjectCommand({ Bucket, Key: "n", Body: "x", ...named })), named);
  t.like(await s3.send(new PutObjectCommand({ Bucket, Key: "c", Body: "x", ...customer("a") })), {
    SSECustomerAlgorithm: "AES256",
    ServerSideEncryption: undefined,
  });
  t.is(await refusal(put(rule("aws:kms", "third"))), "400 KMS.NotFoundException");
  t.is(await refusal(put(rule("AES256", "first"))), "400 InvalidArgument");
  t.is(await refusal(put({ Rules: [...rule("AES256").Rules, ...rule("AES256").Rules] })), "400 MalformedXML");
  t.deepEqual(
    (await s3.send(new GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration,
    rule("aws:kms", "second"),
  );
  for (let twice = 0; twice < 2; twice++) {
    t.is((await s3.send(new DeleteBucketEncryptionCommand({ Bucket }))).$metadata.httpStatusCode, 204);
  }
  t.is((await s3.send(new PutObjectCommand({ Bucket, Key: "p", Body: "x" }))).ServerSideEncryption, undefined);
  t.is((await read(s3, { Bucket, Key: "k" }, "kms")).toString(), "x");
});

test("PutBucketEncryption_documents_that_are_not_as_AWS_has_them", async (t, { s3, bucket, signed }) => {
  const namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
  const put = async (inner: string) => {
    const body = `<ServerSideEncryptionConfiguration ${namespace}>${inner}</ServerSideEncryptionConfiguration>`;
    const md5 = createHash("md5").update(body).digest("base64");
    const answer = await signed({
      method: "PUT",
      target: `/${bucket}?encryption`,
      headers: { "content-md5": md5 },
      body,
    });
    return outcome(answer);
  };
  const byDefault = (inner: string) =>
    `<Rule><ApplyServerSideEncryptionByDefault>${inner}</ApplyServerSideEncryptionByDefault></Rule>`;
  t.is(await put(""), "400 MalformedXML");
  t.is(await put("<Rule/>"), "400 MalformedXML");
  t.is(await put(byDefault("")), "400 MalformedXML");
  t.is(await put(byDefault("<SSEAlgorithm>AES512</SSEAlgorithm>")), "400 MalformedXML");
  t.is(await put(byDefault("<SSEAlgorithm>aws:kms:dsse</SSEAlgorithm>")), "501 NotImplemented");
  t.is(await put(byDefault("<Unknown/><SSEAlgorithm>AES256</SSEAlgorithm>")), "400 MalformedXML");
  t.is(
    await refusal(s3.send(new GetBucketEncryptionCommand({ Bucket: bucket }))),
    "404 ServerSideEncryptionConfigurationNotFoundError",
  );
  const blocked = "<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes>";
  t.is(await put(`<Rule>${blocked}</Rule>`), "200");
  const shown = await signed({ method: "GET", target: `/${bucket}?encryption` });
  t.is(element(shown, "EncryptionType"), "SSE-C");
  const write = { Bucket: bucket, Key: "k", Body: "x" };
  t.is(await refusal(s3.send(new PutObjectCommand({ ...write, ...customer("a") }))), "403 AccessDenied");
  t.truthy(await s3.send(new PutObjectCommand(write)));
});

test("UploadPart_is_judged_by_what_its_upload_was_begun_with", async (t, { s3, bucket }) => {
  const at = { Bucket: bucket, Key: "k" };
  const deny = (Sid: string, Condition: object) => ({
    Sid,
    Effect: "Deny",
    Principal: "*",
    Action: "s3:PutObject",
    Resource: `arn:aws:s3:::${bucket}/*`,
    Condition,
  });
  const protect = (...Statement: object[]) =>
    s3.send(
      new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) }),
    );
  const upload = async (asked: Partial<CreateMultipartUploadCommandInput>) => {
    const { UploadId, SSEKMSKeyId } = await s3.send(new CreateMultipartUploadCommand({ ...at, ...asked }));
    const part = { ...at, UploadId, PartNumber: 1 };
    const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: "abc" }));
    await s3.send(new UploadPartCopyCommand({ ...part, PartNumber: 2, CopySource: `${bucket}/plain` }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    const done = await s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload }));
    return { done, keyArn: SSEKMSKeyId };
  };
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "plain", Body: "x" }));
  const { UploadId: unencrypted } = await s3.send(new CreateMultipartUploadCommand(at));
  const header = "s3:x-amz-server-side-encryption";
  const isMissing = deny("missing", { Null: { [header]: "true" } });

  await protect(isMissing, deny("other", { StringNotEquals: { [header]: "AES256" } }));
  t.is((await upload({ ServerSideEncryption: "AES256" })).done.ServerSideEncryption, "AES256");
  t.is(await refusal(upload({ ServerSideEncryption: "aws:kms" })), "403 AccessDenied");
  t.is(await refusal(upload({})), "403 AccessDenied");
  const late = { ...at, UploadId: unencrypted, PartNumber: 1, Body: "abc" };
  t.is(await refusal(s3.send(new UploadPartCommand(late))), "403 AccessDenied", "begun before the policy");
  const pretending = new UploadPartCommand(late);
  pretending.middlewareStack.add(
    (next) => (args) => {
      Object.assign((args.request as { headers: object }).headers, { "x-amz-server-side-encryption": "AES256" });
      return next(args);
    },
    { step: "build" },
  );
  t.is(await refusal(s3.send(pretending)), "403 AccessDenied", "a part's own header says nothing of its upload");
  t.is(await refusal(s3.send(new PutObjectCommand({ ...at, Body: "x" }))), "403 AccessDenied");

  const kms = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "second" } as const;
  const keyHeader = `${header}-aws-kms-key-id`;
  await protect(isMissing, deny("key", { StringNotEquals: { [keyHeader]: "second" } }));
  const { keyArn = "" } = await upload(kms);
  t.is(await refusal(upload({ ...kms, SSEKMSKeyId: "first" })), "403 AccessDenied");
  await protect(deny("key", { StringNotEquals: { [keyHeader]: keyArn } }));
  t.is((await upload({ ...kms, SSEKMSKeyId: keyArn })).done.SSEKMSKeyId, keyArn);

  await protect(deny("no customers' keys", { Null: { [`${header}-customer-algorithm`]: "false" } }));
  t.is(await refusal(upload(customer("a"))), "403 AccessDenied");
  t.truthy((await upload({ StorageClass: "STANDARD_IA" })).done.ETag);
  await protect(deny("ACL", { StringNotEquals: { "s3:x-amz-acl": "bucket-owner-full-control" } }));
  t.truthy((await upload({ ACL: "bucket-owner-full-control" })).done.ETag);
  t.is(await refusal(upload({ ACL: "public-read" })), "403 AccessDenied");
  const { UploadId: open } = await s3.send(
    new CreateMultipartUploadCommand({ ...at, ACL: "bucket-owner-full-control" }),
  );
  await protect(deny("public", { StringEquals: { "s3:x-amz-acl": "bucket-owner-full-control" } }));
  const another = { ...at, UploadId: open, PartNumber: 1, Body: "abc" };
  t.is(await refusal(s3.send(new UploadPartCommand(another))), "403 AccessDenied");
  await protect(deny("tags", { StringNotEquals: { "s3:RequestObjectTag/team": "oak" } }));
  t.truthy((await upload({ Tagging: "team=oak" })).done.ETag);
  t.is(await refusal(upload({ Tagging: "team=elm" })), "403 AccessDenied");
  await protect(deny("class", { StringNotEquals: { "s3:x-amz-storage-class": "STANDARD_IA" } }));
  t.truthy((await upload({ StorageClass: "STANDARD_IA" })).done.ETag);
  t.is(await refusal(upload({})), "403 AccessDenied");
});
