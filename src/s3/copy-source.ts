/** The `x-amz-copy-source` header: which object a copy reads. */

import { S3Error } from "./errors.ts";
import { decodeKey, parseQuery } from "./uri.ts";

export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | null;
}

const invalid = (header: string, message: string): S3Error =>
  new S3Error("InvalidArgument", { Message: message, ArgumentName: "x-amz-copy-source", ArgumentValue: header });

/**
 * Parses `bucket/key` or `/bucket/key`, percent-encoded or not, with an optional `?versionId=`.
 * The key is decoded once, as a word of a query is (a plus sign is a space, as at AWS), and is then a key like any other:
 * `..` climbs nowhere.
 * @throws S3Error InvalidArgument, InvalidURI, KeyTooLongError; NotImplemented for access point ARNs
 */
export const parseCopySource = (header: string): CopySource => {
  if (header.startsWith("arn:")) throw new S3Error("NotImplemented", { Header: "x-amz-copy-source" });
  const question = header.lastIndexOf("?versionId=");
  const raw = question < 0 ? header : header.slice(0, question);
  // Some clients encode the whole value, its slash included.
  const path = (raw.includes("/") ? raw : raw.replace(/%2f/gi, "/")).replace(/^\//, "");
  const slash = path.indexOf("/");
  if (slash <= 0 || slash === path.length - 1) {
    throw invalid(header, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
  }
  const versionId = question < 0 ? null : (parseQuery(header.slice(question + 1)).get("versionId") ?? "");
  if (versionId === "") throw invalid(header, "Version id cannot be the empty string");
  return { bucket: path.slice(0, slash), key: decodeKey(path.slice(slash + 1).replaceAll("+", " ")), versionId };
};
