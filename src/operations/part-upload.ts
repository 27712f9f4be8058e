/** The open upload that a part is for, for parts from bodies and from copies alike. */

import type { UploadView } from "../bucket/read.ts";
import { S3Error } from "../s3/errors.ts";
import type { Context } from "./context.ts";
import { checkPartNumber } from "./part-number.ts";
import { refuseUnservedHeaders } from "./unserved-headers.ts";

interface PartInput {
  readonly Key: string;
  readonly UploadId: string;
  readonly PartNumber: number;
}

/** @throws S3Error InvalidArgument for a part number that there is not, NotImplemented, NoSuchUpload */
export function uploadOfPart(
  { Key: key, UploadId: uploadId, PartNumber: partNumber }: PartInput,
  { bucket, request, services }: Pick<Context, "bucket" | "request" | "services">,
): UploadView {
  checkPartNumber(partNumber);
  refuseUnservedHeaders(request.headers);
  const upload = services.objects.upload({ bucket: bucket.id, partition: bucket.partition, key }, uploadId);
  if (upload === null) throw new S3Error("NoSuchUpload", { UploadId: uploadId });
  return upload;
}
