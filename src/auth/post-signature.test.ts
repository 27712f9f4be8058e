import { createHmac } from "node:crypto";
import test from "ava";
import { S3Error } from "../s3/errors.ts";
import { authenticateForm } from "./post-signature.ts";

const secretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const accessKeyId = "AKIAIOSFODNN7EXAMPLE";
const policy = Buffer.from('{"expiration": "2026-01-02T13:00:00Z", "conditions": []}').toString("base64");

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** As AWS's page computes it. */
const signature4 = ["20260102", "eu-west-3", "s3", "aws4_request", policy]
  .reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secretAccessKey}`))
  .toString("hex");

const version4 = {
  policy,
  "x-amz-algorithm": "AWS4-HMAC-SHA256",
  "x-amz-credential": `${accessKeyId}/20260102/eu-west-3/s3/aws4_request`,
  "x-amz-date": "20260102T120000Z",
  "x-amz-signature": signature4,
};
const version2 = {
  policy,
  awsaccesskeyid: accessKeyId,
  signature: createHmac("sha1", secretAccessKey).update(policy).digest("base64"),
};

const outcome = (fields: Readonly<Record<string, string>>, takesVersion2 = true): string => {
  const lookup = (id: string) => (id === accessKeyId ? { secretAccessKey } : undefined);
  try {
    const signed = authenticateForm(new Map(Object.entries(fields)), lookup, takesVersion2);
    return signed === null ? "anonymous" : `${signed.version} ${signed.region}`.trim();
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
};

const without = (fields: Readonly<Record<string, string>>, name: string) =>
  Object.fromEntries(Object.entries(fields).filter(([each]) => each !== name));

test("a form is signed in version 4, in version 2, or not at all", (t) => {
  t.is(outcome(version4), "AWS4-HMAC-SHA256 eu-west-3");
  t.is(outcome(version2), "AWS");
  t.is(outcome({ key: "k" }), "anonymous");
  t.is(outcome(version2, false), "InvalidRequest");
});

test("half a signature is none", (t) => {
  for (const name of Object.keys(version4)) t.is(outcome(without(version4, name)), "InvalidArgument", name);
  for (const name of Object.keys(version2)) t.is(outcome(without(version2, name)), "InvalidArgument", name);
  t.is(outcome({ policy }), "InvalidArgument");
});

test("what was changed after it was signed is refused", (t) => {
  const other = Buffer.from("{}").toString("base64");
  t.is(outcome({ ...version4, policy: other }), "SignatureDoesNotMatch");
  t.is(outcome({ ...version2, policy: other }), "SignatureDoesNotMatch");
  t.is(outcome({ ...version4, "x-amz-signature": "0".repeat(64) }), "SignatureDoesNotMatch");
  t.is(outcome({ ...version2, signature: "AAAA" }), "SignatureDoesNotMatch");
  t.is(outcome({ ...version2, signature: `${version2.signature}x` }), "SignatureDoesNotMatch");
  const elsewhere = { "x-amz-credential": `${accessKeyId}/20260102/us-east-1/s3/aws4_request` };
  t.is(outcome({ ...version4, ...elsewhere }), "SignatureDoesNotMatch");
});

test("unknown keys, other services, days and algorithms are refused", (t) => {
  const credential = (text: string) => outcome({ ...version4, "x-amz-credential": text });
  t.is(credential("AKIAOTHER/20260102/eu-west-3/s3/aws4_request"), "InvalidAccessKeyId");
  t.is(credential(`${accessKeyId}/20260102/eu-west-3/iam/aws4_request`), "AuthorizationQueryParametersError");
  t.is(credential("nothing"), "AuthorizationQueryParametersError");
  t.is(outcome({ ...version4, "x-amz-date": "20260103T120000Z" }), "AccessDenied");
  t.is(outcome({ ...version4, "x-amz-algorithm": "AWS4-ECDSA-P256-SHA256" }), "InvalidArgument");
  t.is(outcome({ ...version2, awsaccesskeyid: "AKIAOTHER" }), "InvalidAccessKeyId");
});
