/** What the operations on one configuration field share: reading it, or the code that says that it is not set; and changing it. */

import type { BucketConfiguration, ConfigurationChange, ConfigurationField } from "../bucket/configuration.ts";
import { S3Error, type S3ErrorCode } from "../s3/errors.ts";
import type { Context } from "./context.ts";

type BucketContext = Pick<Context, "bucket" | "services">;

/** @param absent what S3 answers when the field is not set @throws S3Error `absent` */
export function requireConfigured<F extends ConfigurationField>(
  { bucket, services }: BucketContext,
  field: F,
  absent: S3ErrorCode,
): BucketConfiguration[F] {
  const value = services.configurationOf(bucket).get(field);
  if (value === null) throw new S3Error(absent, { BucketName: bucket.name });
  return value;
}

/** Sets a field, or removes it (null). @throws S3Error those of "bucket.configure" */
export async function configure({ bucket, services }: BucketContext, change: ConfigurationChange): Promise<void> {
  await services.askBucket(bucket, "bucket.configure", change);
}
