/** Where a bucket lies (`?location`). */

import { body, header, label } from "../model/member.ts";
import { string, structure } from "../model/shape.ts";
import { declareOperation } from "./context.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html */
export const GetBucketLocation = declareOperation({
  name: "GetBucketLocation",
  http: { method: "GET", uri: "/{Bucket}?location", status: 200 },
  action: "s3:GetBucketLocation",
  input: structure("GetBucketLocationRequest", {
    Bucket: label(string),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure(
    "GetBucketLocationOutput",
    {
      LocationConstraint: body(string),
    },
    { xmlName: "LocationConstraint", xmlUnwrapped: true },
  ),
  errors: ["NoSuchBucket"],
}).handledBy(async (_input, { bucket }) => (bucket.location === null ? {} : { LocationConstraint: bucket.location }));
