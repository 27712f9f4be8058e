/** What a bucket's lifecycle rules say of an object or an upload, for the headers of answers. Nothing where no rules are. */

import type { ObjectView } from "../bucket/read.ts";
import { initiatedMsOf, parseUploadId } from "../bucket/upload-id.ts";
import {
  abortOf,
  compileLifecycle,
  type Due,
  expirationHeader,
  expirationOf,
  type Lifecycle,
  type ObjectFacts,
} from "../s3/lifecycle.ts";
import type { Context } from "./context.ts";

type BucketContext = Pick<Context, "bucket" | "services">;

/** The enabled rules; null: the bucket has none. Compiled once per configuration. Read it before the object's rows. */
const lifecycleOf = ({ bucket, services }: BucketContext): Lifecycle | null =>
  services.configurationOf(bucket).derived("lifecycle", compileLifecycle);

/** x-amz-expiration of a current object; undefined: it does not expire. */
const expirationMember = (
  lifecycle: Lifecycle | null,
  { services }: BucketContext,
  facts: ObjectFacts,
): string | undefined => {
  const due = lifecycle === null ? null : expirationOf(lifecycle, facts, services.dayMs);
  return due === null ? undefined : expirationHeader(due);
};

/**
 * x-amz-expiration of the object that a read is about to find; a version that is named may not be the current one, and
 * has none. Reads the rules now, so that the object's rows are read in one block.
 */
export const readExpiration = (
  context: BucketContext,
  { Key: key, VersionId }: { readonly Key: string; readonly VersionId?: string | undefined },
): ((object: ObjectView) => string | undefined) => {
  const lifecycle = VersionId === undefined ? lifecycleOf(context) : null;
  if (lifecycle === null) return noExpiration;
  return ({ sizeBytes, modifiedMs, metadata }) =>
    expirationMember(lifecycle, context, { key, sizeBytes, modifiedMs, tagging: () => metadata.tagging });
};

const noExpiration = (): undefined => undefined;

/** x-amz-expiration of what a write has made. */
export const writtenExpiration = (
  context: BucketContext,
  key: string,
  { sizeBytes, modifiedMs }: { readonly sizeBytes: number; readonly modifiedMs: number },
  tagging: () => string | undefined,
): string | undefined => expirationMember(lifecycleOf(context), context, { key, sizeBytes, modifiedMs, tagging });

/** The tags of an object that was just completed: its upload, which had them, is gone. */
export const currentTagging =
  ({ bucket, services }: BucketContext, key: string) =>
  (): string | undefined =>
    services.objects.read({ bucket: bucket.id, partition: bucket.partition, key }, (found) =>
      found === null || found.isDeleteMarker ? undefined : found.metadata.tagging,
    );

/** An id as a header carries it. It comes from a document, whose text may hold line ends and any script: that is escaped. */
const headerText = (id: string): string => (/^[!-~]+(?: +[!-~]+)*$/.test(id) ? id : encodeURIComponent(id));

interface AbortMembers {
  readonly AbortDate: number | undefined;
  readonly AbortRuleId: string | undefined;
}

/** x-amz-abort-date and x-amz-abort-rule-id of an open upload. */
export const abortMembers = (context: BucketContext, key: string, uploadId: string): AbortMembers => {
  const lifecycle = lifecycleOf(context);
  const id = lifecycle === null ? undefined : parseUploadId(uploadId);
  const due: Due | null =
    lifecycle === null || id === undefined
      ? null
      : abortOf(lifecycle, { key, initiatedMs: initiatedMsOf(id) }, context.services.dayMs);
  return { AbortDate: due?.atMs, AbortRuleId: due === null ? undefined : headerText(due.ruleId) };
};
