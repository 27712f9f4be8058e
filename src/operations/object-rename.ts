/** Renaming an object (`?renameObject`). */

import { header, label } from "../model/member.ts";
import { httpDate, string, structure, timestamp } from "../model/shape.ts";
import { declareOperation } from "./context.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_RenameObject.html */
export const RenameObject = declareOperation({
  name: "RenameObject",
  http: { method: "PUT", uri: "/{Bucket}/{Key+}?renameObject", status: 200 },
  action: "s3express:CreateSession",
  input: structure("RenameObjectRequest", {
    Bucket: label(string),
    Key: label(string),
    RenameSource: header("x-amz-rename-source", string, { required: true }),
    DestinationIfMatch: header("If-Match", string),
    DestinationIfNoneMatch: header("If-None-Match", string),
    DestinationIfModifiedSince: header("If-Modified-Since", timestamp),
    DestinationIfUnmodifiedSince: header("If-Unmodified-Since", timestamp),
    SourceIfMatch: header("x-amz-rename-source-if-match", string),
    SourceIfNoneMatch: header("x-amz-rename-source-if-none-match", string),
    SourceIfModifiedSince: header("x-amz-rename-source-if-modified-since", httpDate),
    SourceIfUnmodifiedSince: header("x-amz-rename-source-if-unmodified-since", httpDate),
    ClientToken: header("x-amz-client-token", string),
  }),
  output: structure("RenameObjectOutput", {}),
  errors: ["NoSuchBucket"],
});
