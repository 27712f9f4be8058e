/** Cross-origin rules of a bucket (`?cors`). */

import { limits } from "../base/limits.ts";
import { body, header, label, payload } from "../model/member.ts";
import type { ValueOf } from "../model/shape.ts";
import { integer, list, string, structure } from "../model/shape.ts";
import { type CorsRule, checkCorsRules } from "../s3/cors.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { Unit } from "../s3/shapes.ts";
import { configure, requireConfigured } from "./configured.ts";
import { declareOperation } from "./context.ts";

const CORSRule = structure("CORSRule", {
  AllowedMethods: body(list(string), { required: true, xmlName: "AllowedMethod", xmlFlattened: true }),
  AllowedOrigins: body(list(string), { required: true, xmlName: "AllowedOrigin", xmlFlattened: true }),
  ID: body(string),
  AllowedHeaders: body(list(string), { xmlName: "AllowedHeader", xmlFlattened: true }),
  ExposeHeaders: body(list(string), { xmlName: "ExposeHeader", xmlFlattened: true }),
  MaxAgeSeconds: body(integer),
});

const CORSConfiguration = structure("CORSConfiguration", {
  CORSRules: body(list(CORSRule), { required: true, xmlName: "CORSRule", xmlFlattened: true }),
});

const stored = (rule: ValueOf<typeof CORSRule>): CorsRule => ({
  id: rule.ID ?? null,
  origins: rule.AllowedOrigins,
  methods: rule.AllowedMethods,
  headers: rule.AllowedHeaders ?? [],
  exposed: rule.ExposeHeaders ?? [],
  maxAgeSeconds: rule.MaxAgeSeconds ?? null,
});

const listed = (names: readonly string[]): readonly string[] | undefined => (names.length === 0 ? undefined : names);

const shown = (rule: CorsRule): ValueOf<typeof CORSRule> => ({
  ID: rule.id ?? undefined,
  AllowedMethods: rule.methods,
  AllowedOrigins: rule.origins,
  AllowedHeaders: listed(rule.headers),
  ExposeHeaders: listed(rule.exposed),
  MaxAgeSeconds: rule.maxAgeSeconds ?? undefined,
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketCors.html */
export const DeleteBucketCors = declareOperation({
  name: "DeleteBucketCors",
  http: { method: "DELETE", uri: "/{Bucket}?cors", status: 204 },
  action: "s3:PutBucketCORS",
  input: structure("DeleteBucketCorsRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
}).handledBy(async (_input, context) => {
  await configure(context, { field: "cors", value: null });
  return {};
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketCors.html */
export const GetBucketCors = declareOperation({
  name: "GetBucketCors",
  http: { method: "GET", uri: "/{Bucket}?cors", status: 200 },
  action: "s3:GetBucketCORS",
  input: structure("GetBucketCorsRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "GetBucketCorsOutput",
    {
      CORSRules: body(list(CORSRule), { xmlName: "CORSRule", xmlFlattened: true }),
    },
    { xmlName: "CORSConfiguration" },
  ),
  errors: ["NoSuchBucket", "NoSuchCORSConfiguration"],
}).handledBy(async (_input, context) => ({
  CORSRules: requireConfigured(context, "cors", "NoSuchCORSConfiguration").map(shown),
}));

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html */
export const PutBucketCors = declareOperation({
  name: "PutBucketCors",
  http: { method: "PUT", uri: "/{Bucket}?cors", status: 200 },
  action: "s3:PutBucketCORS",
  requiresBodyDigest: true,
  input: structure("PutBucketCorsRequest", {
    Bucket: label(string),
    CORSConfiguration: payload(CORSConfiguration, { required: true, xmlName: "CORSConfiguration" }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket", "BadDigest", "InvalidDigest", "InvalidRequest", "MalformedXML", "MaxMessageLengthExceeded"],
}).handledBy(async (input, context) => {
  if ((context.wholeBody?.length ?? 0) > limits.corsBytesMax) {
    throw new S3Error("MaxMessageLengthExceeded", { MaxMessageLengthBytes: String(limits.corsBytesMax) });
  }
  const rules = input.CORSConfiguration.CORSRules.map(stored);
  checkCorsRules(rules);
  await configure(context, { field: "cors", value: rules });
  return {};
});
