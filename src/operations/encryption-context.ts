/** The encryption context of SSE-KMS: pairs of text that a wrapped data key opens with, and without which it does not. */

import { limits } from "../base/limits.ts";
import { S3Error } from "../s3/errors.ts";

/** S3 adds the ARN of the object, or of the bucket with a bucket key, under this name. */
const arnName = "aws:s3:arn";

const malformed = (): S3Error =>
  new S3Error("InvalidArgument", {
    Message:
      "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map",
    ArgumentName: "x-amz-server-side-encryption-context",
  });

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed();
    throw error;
  }
};

/**
 * The pairs of the header.
 * @param header base64 of a JSON object whose values are texts
 * @throws S3Error InvalidArgument
 */
export const contextPairs = (header: string): readonly (readonly [name: string, value: string])[] => {
  const bytes = Buffer.from(header, "base64");
  if (bytes.length > limits.encryptionContextBytesMax || bytes.toString("base64") !== header) throw malformed();
  const value = parsed(bytes.toString("utf8"));
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed();
  return Object.entries(value).map(([name, text]) => {
    if (typeof text !== "string") throw malformed();
    return [name, text];
  });
};

/**
 * The context as a key service takes it: JSON of its pairs in the order of their names, whatever order they were sent in.
 * @param header as it was sent and judged by `contextPairs`; null = none
 */
export const contextText = (header: string | null, arn: string): string => {
  const pairs = header === null ? [] : contextPairs(header);
  const all = new Map([...pairs, [arnName, arn]]);
  return JSON.stringify([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
};
