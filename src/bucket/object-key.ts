/** What a text must be to name an object: the last check before it becomes a row's key. Pure. */

import { limits } from "../base/limits.ts";
import { S3Error } from "../s3/errors.ts";

/**
 * @throws S3Error KeyTooLongError above `limits.keyBytesMax` bytes of UTF-8; InvalidArgument when it is empty or holds
 * U+0000 (the end of a key in rows), which S3 clients do not send
 */
export function judgeKey(key: string): void {
  const sizeBytes = Buffer.byteLength(key);
  if (sizeBytes > limits.keyBytesMax) {
    throw new S3Error("KeyTooLongError", { Size: String(sizeBytes), MaxSizeAllowed: String(limits.keyBytesMax) });
  }
  if (sizeBytes === 0 || key.includes("\u0000")) {
    throw new S3Error("InvalidArgument", { ArgumentName: "Key", ArgumentValue: key.replaceAll("\u0000", "") });
  }
}
