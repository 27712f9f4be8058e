/** Opens the source of a copy: authorised like a read of its own, its conditions judged, its bytes ready to be stored. */

import { limits } from "../base/limits.ts";
import type { ObjectView } from "../bucket/read.ts";
import type { BucketRecord } from "../control/records.ts";
import { type ByteRange, copyRangeForm, parseCopyRange } from "../s3/byte-range.ts";
import { parseCopySource } from "../s3/copy-source.ts";
import { S3Error } from "../s3/errors.ts";
import { judgeRead } from "../s3/read-conditions.ts";
import type { Context } from "./context.ts";
import { CopiedBody } from "./copied-body.ts";
import { customerKeyOf } from "./customer-key.ts";
import { readDecrypted } from "./encrypted-read.ts";
import { checkExpectedOwner } from "./expected-owner.ts";
import { requireSource } from "./found-version.ts";

export interface CopyInput {
  readonly CopySource: string;
  readonly CopySourceIfMatch?: string | undefined;
  readonly CopySourceIfNoneMatch?: string | undefined;
  readonly CopySourceIfModifiedSince?: number | undefined;
  readonly CopySourceIfUnmodifiedSince?: number | undefined;
  readonly CopySourceRange?: string | undefined;
  readonly CopySourceSSECustomerAlgorithm?: string | undefined;
  readonly CopySourceSSECustomerKey?: string | undefined;
  readonly CopySourceSSECustomerKeyMD5?: string | undefined;
}

export interface OpenedSource {
  readonly record: BucketRecord;
  /** Its name. */
  readonly bucket: string;
  readonly key: string;
  /** True when the client asked for a version, be it the newest. */
  readonly isVersionNamed: boolean;
  readonly object: ObjectView;
  /** To be closed by the caller. */
  readonly body: CopiedBody;
}

/** The version that was copied, in a bucket whose versioning was set. */
export const copiedVersion = ({ object }: OpenedSource): { readonly CopySourceVersionId?: string } =>
  object.versionId === null ? {} : { CopySourceVersionId: object.versionId };

/** A failed condition on a source is always 412. A date that is still to come is no date, as S3 has it. */
const checkConditions = (input: CopyInput, object: ObjectView, nowMs: number): void => {
  const since = input.CopySourceIfModifiedSince;
  const fault = judgeRead(
    {
      ifMatch: input.CopySourceIfMatch,
      ifNoneMatch: input.CopySourceIfNoneMatch,
      ifModifiedSince: since !== undefined && since > nowMs ? undefined : since,
      ifUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
    },
    object.etag,
    object.modifiedMs,
  );
  if (fault !== null) {
    throw new S3Error("PreconditionFailed", { Condition: `x-amz-copy-source-${fault.condition}` });
  }
};

const rangeOf = (header: string | undefined, sizeBytes: number): ByteRange => {
  if (header === undefined) return { start: 0, end: sizeBytes };
  const range = parseCopyRange(header, sizeBytes);
  if (range !== null) return range;
  throw new S3Error("InvalidArgument", {
    Message: copyRangeForm.test(header)
      ? `Range specified is not valid for source object of size: ${sizeBytes}`
      : "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
    ArgumentName: "x-amz-copy-source-range",
    ArgumentValue: header,
  });
};

/**
 * @throws S3Error AccessDenied, NoSuchBucket, NoSuchKey, NoSuchVersion, PreconditionFailed, InvalidArgument, InvalidRequest
 * (more than `limits.singlePutBytesMax`)
 */
export const openCopySource = async (input: CopyInput, context: Context): Promise<OpenedSource> => {
  const { request, services } = context;
  const { bucket, key, versionId } = parseCopySource(input.CopySource);
  const action = versionId === null ? "s3:GetObject" : "s3:GetObjectVersion";
  const record = context.authorize(action, bucket, key);
  checkExpectedOwner(request.headers, record, "x-amz-source-expected-bucket-owner");
  const customer = customerKeyOf(
    {
      SSECustomerAlgorithm: input.CopySourceSSECustomerAlgorithm,
      SSECustomerKey: input.CopySourceSSECustomerKey,
      SSECustomerKeyMD5: input.CopySourceSSECustomerKeyMD5,
    },
    context,
  );
  const version = { bucket: record, key, versionId: versionId ?? undefined };
  return readDecrypted(services, version, customer, (found, open) => {
    const object = requireSource(found, { Key: key, VersionId: versionId ?? undefined });
    checkConditions(input, object, services.clock.nowMs());
    const { start, end } = rangeOf(input.CopySourceRange, object.sizeBytes);
    if (end - start > limits.singlePutBytesMax) {
      throw new S3Error("InvalidRequest", {
        Message: `The specified copy source is larger than the maximum allowable size for a copy source: ${limits.singlePutBytesMax}`,
      });
    }
    return {
      record,
      bucket,
      key,
      isVersionNamed: versionId !== null,
      object,
      body: new CopiedBody(open(start, end - start), services.clock),
    };
  });
};
