/** Static website of a bucket (`?website`). */

import { body, header, label, payload } from "../model/member.ts";
import { enumeration, list, string, structure } from "../model/shape.ts";
import { ChecksumAlgorithm } from "../s3/enumerations.ts";
import { Unit } from "../s3/shapes.ts";
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
  errors: ["NoSuchBucket"],
});

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
  errors: ["NoSuchBucket"],
});
