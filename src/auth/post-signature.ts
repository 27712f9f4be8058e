/**
 * Who made a POST form: signature version 4, or 2 where it is taken, over the form's policy. Pure but for the lookup.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import { limits } from "../base/limits.ts";
import { S3Error } from "../s3/errors.ts";
import { checkService, parseCredential, s3Only } from "./credential.ts";
import type { FormFields } from "./post-policy.ts";
import { parseBasicTime } from "./request-time.ts";
import { algorithm, type SecretLookup } from "./signature.ts";
import { deriveSigningKey, isSameSignature } from "./signing-key.ts";

export interface SignedForm {
  readonly accessKeyId: string;
  readonly version: "AWS4-HMAC-SHA256" | "AWS";
  /** YYYYMMDDTHHMMSSZ; "" in version 2. */
  readonly timestamp: string;
  /** That it was signed for; "" in version 2. */
  readonly region: string;
  /** Base64 of the document, as signed. */
  readonly policy: string;
}

/** Stands in for the secret of unknown access keys, so that they cost the same work. It never authenticates anyone. */
const absentSecret = "0000000000000000000000000000000000000000";

const version4Fields = ["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"] as const;

const missing = (field: string): S3Error =>
  new S3Error("InvalidArgument", {
    Message: `Bucket POST must contain a field named '${field}'.  If it is specified, please check the order of the fields.`,
    ArgumentName: field,
    ArgumentValue: "",
  });

const malformed = (fault: string): S3Error =>
  new S3Error("AuthorizationQueryParametersError", {
    Message: `Error parsing the X-Amz-Credential parameter; ${fault}`,
  });

/**
 * Verifies a form's signature.
 * @param lookup called at most once
 * @returns null when the form says nothing of a signature: it is anonymous
 * @throws S3Error InvalidArgument (a field is missing), InvalidRequest (another algorithm), InvalidAccessKeyId,
 * SignatureDoesNotMatch, AuthorizationQueryParametersError, AccessDenied (an odd date), and those of `lookup`
 */
export function authenticateForm(fields: FormFields, lookup: SecretLookup, takesVersion2: boolean): SignedForm | null {
  const isVersion4 = version4Fields.some((name) => fields.has(name));
  const isVersion2 = fields.has("awsaccesskeyid") || fields.has("signature");
  if (!isVersion4 && !isVersion2) {
    // A policy without a signature binds nobody: to pass it over would let the form do what its maker did not mean.
    if (fields.has("policy")) throw missing("AWSAccessKeyId");
    return null;
  }
  const policy = fields.get("policy");
  if (policy === undefined || policy === "") throw missing("policy");
  if (isVersion4) return authenticateVersion4(fields, policy, lookup);
  if (!takesVersion2) {
    throw new S3Error("InvalidRequest", {
      Message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    });
  }
  return authenticateVersion2(fields, policy, lookup);
}

function authenticateVersion4(fields: FormFields, policy: string, lookup: SecretLookup): SignedForm {
  const [named = "", credentialText = "", timestamp = "", signature = ""] = version4Fields.map((name) => {
    const value = fields.get(name);
    if (value === undefined || value === "") throw missing(name);
    return value;
  });
  if (named !== algorithm) {
    throw new S3Error("InvalidArgument", {
      Message: 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"',
      ArgumentName: "x-amz-algorithm",
      ArgumentValue: named,
    });
  }
  const credential = parseCredential(credentialText, malformed);
  checkService(credential, s3Only, malformed);
  if (parseBasicTime(timestamp) === null || !timestamp.startsWith(credential.date)) {
    throw new S3Error("AccessDenied", {
      Message: "x-amz-date must be a date as YYYYMMDDTHHMMSSZ, on the credential's day.",
    });
  }
  const secret = secretOf(credential.accessKeyId, fields, lookup);
  const key = deriveSigningKey(secret || absentSecret, credential);
  const isMatch = isSameSignature(signature, key.sign(policy));
  judge(secret, isMatch, credential.accessKeyId, signature);
  const { accessKeyId, region } = credential;
  return { accessKeyId, version: algorithm, timestamp, region, policy };
}

function authenticateVersion2(fields: FormFields, policy: string, lookup: SecretLookup): SignedForm {
  const accessKeyId = fields.get("awsaccesskeyid");
  const signature = fields.get("signature");
  if (accessKeyId === undefined || accessKeyId === "") throw missing("AWSAccessKeyId");
  if (signature === undefined || signature === "") throw missing("signature");
  const secret = secretOf(accessKeyId, fields, lookup);
  const digest = createHmac("sha1", secret || absentSecret)
    .update(policy)
    .digest("base64");
  // As text: a decoder of base64 would pass over what stands behind it.
  const expected = Buffer.from(digest);
  const given = Buffer.from(signature);
  judge(secret, given.length === expected.length && timingSafeEqual(given, expected), accessKeyId, signature);
  return { accessKeyId, version: "AWS", timestamp: "", region: "", policy };
}

/** "" when there is none. */
function secretOf(accessKeyId: string, fields: FormFields, lookup: SecretLookup): string {
  if (accessKeyId.length > limits.accessKeyIdCharsMax) return "";
  return lookup(accessKeyId, fields.get("x-amz-security-token") ?? null)?.secretAccessKey ?? "";
}

function judge(secret: string, isMatch: boolean, accessKeyId: string, signature: string): void {
  if (secret === "") throw new S3Error("InvalidAccessKeyId", { AWSAccessKeyId: accessKeyId });
  if (isMatch) return;
  throw new S3Error("SignatureDoesNotMatch", { AWSAccessKeyId: accessKeyId, SignatureProvided: signature });
}
