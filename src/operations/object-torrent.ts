/** Torrent files of objects (`?torrent`). */

import { header, label, payload } from "../model/member.ts";
import { stream, string, structure } from "../model/shape.ts";
import { RequestCharged, RequestPayer } from "../s3/enumerations.ts";
import { declareOperation } from "./context.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTorrent.html */
export const GetObjectTorrent = declareOperation({
  name: "GetObjectTorrent",
  http: { method: "GET", uri: "/{Bucket}/{Key+}?torrent", status: 200 },
  action: "s3:GetObjectTorrent",
  versionAction: "s3:GetObjectVersionTorrent",
  input: structure("GetObjectTorrentRequest", {
    Bucket: label(string),
    Key: label(string),
    RequestPayer: header("x-amz-request-payer", RequestPayer),
    ExpectedBucketOwner: header("x-amz-expected-bucket-owner", string),
  }),
  output: structure("GetObjectTorrentOutput", {
    Body: payload(stream),
    RequestCharged: header("x-amz-request-charged", RequestCharged),
  }),
  errors: ["NoSuchBucket", "NoSuchKey"],
});
