/** From what a read found to the object that its client asked for, or the error that S3 has for it. */

import type { DeleteMarkerView, ObjectView } from "../bucket/read.ts";
import { formatHttpDate } from "../model/timestamp.ts";
import { S3Error } from "../s3/errors.ts";
import type { Context } from "./context.ts";

type Found = ObjectView | DeleteMarkerView | null;

interface AskedFor {
  readonly Key: string;
  /** Absent: the newest version was asked for. */
  readonly VersionId?: string | undefined;
}

const absent = ({ Key, VersionId }: AskedFor): S3Error =>
  VersionId === undefined ? new S3Error("NoSuchKey", { Key }) : new S3Error("NoSuchVersion", { Key, VersionId });

const markerHeaders = ({ versionId }: DeleteMarkerView) =>
  [
    ["x-amz-delete-marker", "true"],
    ["x-amz-version-id", versionId],
  ] as const;

/** The key is there, and deleted: to one who names no version it is not there. */
const deleted = (Key: string, marker: DeleteMarkerView): S3Error =>
  new S3Error("NoSuchKey", { Key }, { headers: markerHeaders(marker) });

/**
 * The object to read.
 * @param method of the request, which a delete marker does not take
 * @throws S3Error NoSuchKey, NoSuchVersion; MethodNotAllowed for a delete marker that is named
 * Source: AWS GetObject and HeadObject, "Versioning"; "Working with delete markers".
 */
export const requireObject = (found: Found, asked: AskedFor, method: string): ObjectView => {
  if (found === null) throw absent(asked);
  if (!found.isDeleteMarker) return found;
  if (asked.VersionId === undefined) throw deleted(asked.Key, found);
  throw new S3Error(
    "MethodNotAllowed",
    { Method: method, ResourceType: "DeleteMarker" },
    {
      headers: [["allow", "DELETE"], ["last-modified", formatHttpDate(found.modifiedMs)], ...markerHeaders(found)],
    },
  );
};

/**
 * Shows what is known of the object to read, but its bytes.
 * @throws S3Error those of `requireObject`
 */
export const readObject = <Shown>(
  asked: AskedFor,
  { bucket, request, services }: Pick<Context, "bucket" | "request" | "services">,
  show: (object: ObjectView) => Shown,
): Shown => {
  const address = { bucket: bucket.id, partition: bucket.partition, key: asked.Key, versionId: asked.VersionId };
  return services.objects.read(address, (found) => show(requireObject(found, asked, request.method)));
};

/**
 * The object whose attributes are to change. A delete marker has none, named or not.
 * @param method of the request
 * @throws S3Error NoSuchKey, NoSuchVersion, MethodNotAllowed
 */
export const requireTarget = (found: Found, asked: AskedFor, method: string): ObjectView => {
  if (found === null) throw absent(asked);
  return found.isDeleteMarker ? requireObject(found, { Key: asked.Key, VersionId: found.versionId }, method) : found;
};

/**
 * The object to copy from.
 * @throws S3Error NoSuchKey, NoSuchVersion; InvalidRequest for a delete marker that is named
 * Source: AWS CopyObject, "x-amz-copy-source".
 */
export const requireSource = (found: Found, asked: AskedFor): ObjectView => {
  if (found === null) throw absent(asked);
  if (!found.isDeleteMarker) return found;
  if (asked.VersionId === undefined) throw deleted(asked.Key, found);
  throw new S3Error("InvalidRequest", {
    Message: "The source of a copy request may not specifically refer to a delete marker by version id.",
  });
};
