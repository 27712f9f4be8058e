/** Static website of a bucket (`?website`). */

import { body, header, label, payload } from "../model/member.ts";
import { enumeration, list, string, structure, type ValueOf } from "../model/shape.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { S3Error } from "../s3/errors.ts";
import { Unit } from "../s3/shapes.ts";
import { checkWebsite, type RoutingRule as StoredRule, type Website } from "../s3/website.ts";
import { configure, requireConfigured } from "./configured.ts";
import { declareOperation } from "./context.ts";

const RedirectAllRequestsTo = structure("RedirectAllRequestsTo", {
  HostName: body(string, { required: true }),
  Protocol: body(enumeration("http", "https")),
});

const IndexDocument = structure("IndexDocument", {
  Suffix: body(string, { required: true }),
});

const ErrorDocument = structure("ErrorDocument", {
  Key: body(string, { required: true }),
});

const Redirect = structure("Redirect", {
  HostName: body(string),
  HttpRedirectCode: body(string),
  Protocol: body(enumeration("http", "https")),
  ReplaceKeyPrefixWith: body(string),
  ReplaceKeyWith: body(string),
});

const Condition = structure("Condition", {
  HttpErrorCodeReturnedEquals: body(string),
  KeyPrefixEquals: body(string),
});

const RoutingRule = structure("RoutingRule", {
  Redirect: body(Redirect, { required: true }),
  Condition: body(Condition),
});

const WebsiteConfiguration = structure("WebsiteConfiguration", {
  ErrorDocument: body(ErrorDocument),
  IndexDocument: body(IndexDocument),
  RedirectAllRequestsTo: body(RedirectAllRequestsTo),
  RoutingRules: body(list(RoutingRule, "RoutingRule")),
});

type Rule = ValueOf<typeof RoutingRule>;

/** A status is written as text; NaN for what is none, which the check refuses. */
const code = (text: string | undefined): number | null => {
  if (text === undefined) return null;
  return /^\d{3}$/.test(text) ? Number(text) : Number.NaN;
};

/** @throws S3Error InvalidRequest for a condition that says nothing */
const storedRule = ({ Condition, Redirect: redirect }: Rule): StoredRule => {
  if (
    Condition !== undefined &&
    Condition.KeyPrefixEquals === undefined &&
    Condition.HttpErrorCodeReturnedEquals === undefined
  ) {
    throw new S3Error("InvalidRequest", {
      Message:
        "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.",
    });
  }
  return {
    keyPrefix: Condition?.KeyPrefixEquals ?? null,
    errorCode: code(Condition?.HttpErrorCodeReturnedEquals),
    redirect: {
      host: redirect.HostName ?? null,
      protocol: redirect.Protocol ?? null,
      code: code(redirect.HttpRedirectCode),
      replaceKeyPrefixWith: redirect.ReplaceKeyPrefixWith ?? null,
      replaceKeyWith: redirect.ReplaceKeyWith ?? null,
    },
  };
};

const stored = (given: ValueOf<typeof WebsiteConfiguration>): Website => {
  const { RedirectAllRequestsTo: all, RoutingRules } = given;
  if (RoutingRules !== undefined && RoutingRules.length === 0) {
    throw new S3Error("MalformedXML", { Reason: "RoutingRule is missing" });
  }
  return {
    redirectAll: all === undefined ? null : { host: all.HostName, protocol: all.Protocol ?? null },
    indexSuffix: given.IndexDocument?.Suffix ?? null,
    errorKey: given.ErrorDocument?.Key ?? null,
    rules: (RoutingRules ?? []).map(storedRule),
  };
};

const shownRule = ({ keyPrefix, errorCode, redirect }: StoredRule): Rule => ({
  Condition:
    keyPrefix === null && errorCode === null
      ? undefined
      : {
          KeyPrefixEquals: keyPrefix ?? undefined,
          HttpErrorCodeReturnedEquals: errorCode === null ? undefined : String(errorCode),
        },
  Redirect: {
    HostName: redirect.host ?? undefined,
    Protocol: redirect.protocol ?? undefined,
    HttpRedirectCode: redirect.code === null ? undefined : String(redirect.code),
    ReplaceKeyPrefixWith: redirect.replaceKeyPrefixWith ?? undefined,
    ReplaceKeyWith: redirect.replaceKeyWith ?? undefined,
  },
});

const shown = ({ redirectAll, indexSuffix, errorKey, rules }: Website) => ({
  RedirectAllRequestsTo:
    redirectAll === null ? undefined : { HostName: redirectAll.host, Protocol: redirectAll.protocol ?? undefined },
  IndexDocument: indexSuffix === null ? undefined : { Suffix: indexSuffix },
  ErrorDocument: errorKey === null ? undefined : { Key: errorKey },
  RoutingRules: rules.length === 0 ? undefined : rules.map(shownRule),
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketWebsite.html */
export const DeleteBucketWebsite = declareOperation({
  name: "DeleteBucketWebsite",
  http: { method: "DELETE", uri: "/{Bucket}?website", status: 204 },
  action: "s3:DeleteBucketWebsite",
  input: structure("DeleteBucketWebsiteRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket"],
}).handledBy(async (_input, context) => {
  await configure(context, { field: "website", value: null });
  return {};
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketWebsite.html */
export const GetBucketWebsite = declareOperation({
  name: "GetBucketWebsite",
  http: { method: "GET", uri: "/{Bucket}?website", status: 200 },
  action: "s3:GetBucketWebsite",
  input: structure("GetBucketWebsiteRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "GetBucketWebsiteOutput",
    {
      RedirectAllRequestsTo: body(RedirectAllRequestsTo),
      IndexDocument: body(IndexDocument),
      ErrorDocument: body(ErrorDocument),
      RoutingRules: body(list(RoutingRule, "RoutingRule")),
    },
    { xmlName: "WebsiteConfiguration" },
  ),
  errors: ["NoSuchBucket", "NoSuchWebsiteConfiguration"],
}).handledBy(async (_input, context) => shown(requireConfigured(context, "website", "NoSuchWebsiteConfiguration")));

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html */
export const PutBucketWebsite = declareOperation({
  name: "PutBucketWebsite",
  http: { method: "PUT", uri: "/{Bucket}?website", status: 200 },
  action: "s3:PutBucketWebsite",
  requiresBodyDigest: true,
  input: structure("PutBucketWebsiteRequest", {
    Bucket: label(string),
    WebsiteConfiguration: payload(WebsiteConfiguration, { required: true, xmlName: "WebsiteConfiguration" }),
    ContentMD5: header("Content-MD5", string),
    ChecksumAlgorithm: header("x-amz-sdk-checksum-algorithm", ChecksumAlgorithm),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: Unit,
  errors: ["NoSuchBucket", "BadDigest", "InvalidArgument", "InvalidDigest", "InvalidRequest", "MalformedXML"],
}).handledBy(async (input, context) => {
  const website = stored(input.WebsiteConfiguration);
  checkWebsite(website);
  await configure(context, { field: "website", value: website });
  return {};
});
