/** Who may do what with which signature: headers, presigned URLs, time, scope, and what must be signed. */

import { Readable } from "node:stream";
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { eachFront, element, outcome } from "../support/each-front.ts";
import { testKeys } from "../support/node-process.ts";
import { presign } from "../support/presign.ts";
import { basicTime } from "../support/signed-request.ts";

const test = eachFront();
const minute = 60_000;
const targetOf = (url: string): string => new URL(url).pathname + new URL(url).search;

test("any_request_unsigned_403", async (t, { plain, bucket }) => {
  for (const [method, target] of [
    ["GET", "/"],
    ["PUT", "/another-bucket"],
    ["GET", `/${bucket}/k`],
    ["PUT", `/${bucket}/k`],
    ["DELETE", `/${bucket}`],
  ] as const)
    t.is(outcome(await plain({ method, target })), "403 AccessDenied", `${method} ${target}`);
});

test("any_request_wrong_secret_403", async (t, { signed }) => {
  t.is(outcome(await signed({ method: "GET", target: "/", secretAccessKey: "wrong" })), "403 SignatureDoesNotMatch");
});

test("any_request_unknown_access_key_403", async (t, { signed }) => {
  t.is(outcome(await signed({ method: "GET", target: "/", accessKeyId: "NOBODY" })), "403 InvalidAccessKeyId");
});

test("any_request_signed_for_any_region_200", async (t, { signed, bucket }) => {
  for (const region of ["us-east-1", "eu-central-1", "garage", "auto"])
    t.is(outcome(await signed({ method: "GET", target: `/${bucket}`, region })), "200", region);
});

test("any_request_time_off_by_14_minutes_200_by_16_403", async (t, { signed, bucket }) => {
  const target = `/${bucket}`;
  for (const away of [-14, 14])
    t.is(outcome(await signed({ method: "GET", target, timeMs: Date.now() + away * minute })), "200");
  for (const away of [-16, 16]) {
    const answer = await signed({ method: "GET", target, timeMs: Date.now() + away * minute });
    t.is(outcome(answer), "403 RequestTimeTooSkewed");
    t.truthy(element(answer, "ServerTime"));
    t.truthy(element(answer, "RequestTime"));
  }
});

test("any_request_with_a_Date_header_200_when_it_is_signed", async (t, { signed, plain, bucket }) => {
  const target = `/${bucket}`;
  t.is(outcome(await signed({ method: "GET", target, usesDate: true })), "200");
  t.is(
    outcome(await signed({ method: "GET", target, usesDate: true, timeMs: Date.now() - 16 * minute })),
    "403 RequestTimeTooSkewed",
  );
  t.is(
    outcome(await plain({ method: "GET", target, headers: { date: new Date().toUTCString() } })),
    "403 AccessDenied",
  );
});

test("PutObject_amz_header_not_signed_403", async (t, { signed, bucket }) => {
  const request = { method: "PUT", target: `/${bucket}/k`, body: "x" };
  const answer = await signed({ ...request, unsigned: { "x-amz-meta-a": "b" } });
  t.is(outcome(answer), "403 AccessDenied");
  t.is(element(answer, "HeadersNotSigned"), "x-amz-meta-a");
  t.is(outcome(await signed({ ...request, unsigned: { "content-type": "text/plain" } })), "200");
});

test("PutObject_unsigned_copy_source_or_acl_on_a_presigned_url_403", async (t, { endpoint, plain, bucket }) => {
  const target = presign({ endpoint, ...testKeys }, "PUT", `/${bucket}/k`);
  for (const headers of [{ "x-amz-copy-source": `/${bucket}/other` }, { "x-amz-acl": "public-read" }])
    t.is(outcome(await plain({ method: "PUT", target, body: "x", headers })), "403 AccessDenied");
});

test("any_request_changed_after_signing_403", async (t, { endpoint, plain, bucket }) => {
  const target = presign({ endpoint, ...testKeys }, "GET", `/${bucket}/k`);
  t.is(outcome(await plain({ method: "PUT", target, body: "x" })), "403 SignatureDoesNotMatch");
  t.is(outcome(await plain({ method: "GET", target: target.replace("/k?", "/l?") })), "403 SignatureDoesNotMatch");
  t.is(outcome(await plain({ method: "GET", target: `${target}&versionId=x` })), "403 SignatureDoesNotMatch");
});

test("presigned_by_the_sdk_PUT_GET_HEAD_DELETE", async (t, { s3, plain, bucket }) => {
  const place = { Bucket: bucket, Key: "a folder/ü+&=?.txt" };
  const put = await getSignedUrl(s3, new PutObjectCommand(place));
  t.is((await plain({ method: "PUT", target: targetOf(put), body: "presigned" })).status, 200);
  const get = await getSignedUrl(
    s3,
    new GetObjectCommand({
      ...place,
      ResponseContentDisposition: 'attachment; filename="ü.txt"',
      ResponseContentType: "text/x",
    }),
  );
  const got = await plain({ method: "GET", target: targetOf(get) });
  t.is(got.body.toString(), "presigned");
  t.is(got.headers["content-type"], "text/x");
  const head = await getSignedUrl(s3, new HeadObjectCommand(place));
  t.is((await plain({ method: "HEAD", target: targetOf(head) })).headers["content-length"], "9");
  const remove = await getSignedUrl(s3, new DeleteObjectCommand(place));
  t.is((await plain({ method: "DELETE", target: targetOf(remove) })).status, 204);
  t.is(outcome(await plain({ method: "GET", target: targetOf(get) })), "404 NoSuchKey");
});

test("presigned_PUT_body_of_any_length", async (t, { s3, plain, signed, bucket }) => {
  const url = await getSignedUrl(s3, new PutObjectCommand({ Bucket: bucket, Key: "k" }));
  for (const body of ["", "x", "y".repeat(100_000)]) {
    t.is(outcome(await plain({ method: "PUT", target: targetOf(url), body })), "200");
    t.is((await signed({ method: "GET", target: `/${bucket}/k` })).body.toString(), body);
  }
});

test("presigned_expired_or_not_valid_yet_403", async (t, { endpoint, plain, bucket }) => {
  const target = presign({ endpoint, ...testKeys, expiresSeconds: 1 }, "GET", `/${bucket}/k`);
  await new Promise((resolve) => setTimeout(resolve, 2100));
  const answer = await plain({ method: "GET", target });
  t.is(outcome(answer), "403 AccessDenied");
  t.is(element(answer, "Message"), "Request has expired");
});

test("presigned_validity_outside_1_to_604800_400", async (t, { endpoint, plain, bucket }) => {
  for (const expiresSeconds of [0, -1, 604_801]) {
    const target = presign({ endpoint, ...testKeys, expiresSeconds }, "GET", `/${bucket}/k`);
    t.is(
      outcome(await plain({ method: "GET", target })),
      "400 AuthorizationQueryParametersError",
      String(expiresSeconds),
    );
  }
  const longest = presign({ endpoint, ...testKeys, expiresSeconds: 604_800 }, "GET", `/${bucket}/k`);
  t.is(outcome(await plain({ method: "GET", target: longest })), "404 NoSuchKey");
});

test("presigned_and_Authorization_header_together_400", async (t, { endpoint, signed, bucket }) => {
  const target = presign({ endpoint, ...testKeys }, "GET", `/${bucket}/k`);
  t.is(outcome(await signed({ method: "GET", target })), "400 InvalidArgument");
});

test("any_request_malformed_Authorization_4xx", async (t, { plain }) => {
  const scope = `${basicTime(Date.now()).slice(0, 8)}/us-east-1/s3/aws4_request`;
  for (const authorization of [
    "AWS4-HMAC-SHA256",
    "AWS4-HMAC-SHA256 Credential=x",
    `AWS4-HMAC-SHA256 Credential=${testKeys.accessKeyId}/${scope}, SignedHeaders=host, Signature=0`,
    "Bearer token",
    "AWS key:signature",
    `AWS4-ECDSA-P256-SHA256 Credential=${testKeys.accessKeyId}/${scope}, SignedHeaders=host, Signature=0`,
  ]) {
    const { status } = await plain({ method: "GET", target: "/", headers: { authorization } });
    t.true(status >= 400 && (status < 500 || status === 501), `${authorization}: ${status}`);
  }
});

test("PutObject_sdk_stream_with_a_trailer_200", async (t, { s3, bucket }) => {
  const body = Buffer.alloc(300_000, 7);
  const put = new PutObjectCommand({
    Bucket: bucket,
    Key: "k",
    Body: Readable.from([body]),
    ContentLength: body.length,
  });
  const { ChecksumCRC32 } = await s3.send(put);
  t.truthy(ChecksumCRC32);
  const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k", ChecksumMode: "ENABLED" }));
  t.is(got.ChecksumCRC32, ChecksumCRC32);
  t.true(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(body));
});
