/** Versions of one key, for tests through AWS's SDK. */

import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { refusal, type Stand } from "./each-front.ts";

/** Well formed, and of no version. */
export const unknownVersion = "0".repeat(26);

type At = Pick<Stand, "s3" | "bucket">;

export const setVersioning = ({ s3, bucket }: At, Status: "Enabled" | "Suspended") =>
  s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status } }));

export const put = ({ s3, bucket }: At, Body: string | Uint8Array, Key = "k") =>
  s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));

export const remove = ({ s3, bucket }: At, VersionId?: string, Key = "k") =>
  s3.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }));

/** The text of a version, or "status Code" of the refusal. */
export async function textOf({ s3, bucket }: At, VersionId?: string, Key = "k"): Promise<string> {
  let text = "";
  const status = await refusal(
    (async () => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key, VersionId }));
      text = (await Body?.transformToString()) ?? "";
    })(),
  );
  return status === "no error" ? text : status;
}

export const keysOf = async (s3: S3Client, bucket: string): Promise<string[]> =>
  ((await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(({ Key = "" }) => Key);
