/** Tags as `x-amz-tagging` carries them. Source: AWS "Categorizing your storage using tags". */

import { limits } from "../base/limits.ts";
import { S3Error } from "./errors.ts";
import { parseQuery } from "./uri.ts";

const keyLengthMax = 128;
const valueLengthMax = 256;

/**
 * The number of tags in a query-encoded tag set.
 * @throws S3Error InvalidArgument (not a query, or a key twice), InvalidTag (a key or value that is too long or empty),
 * BadRequest (more than `limits.tagsPerObjectMax`)
 */
export const countTags = (tagging: string): number => {
  const tags = parseQuery(tagging);
  if (tags.size !== tagging.split("&").filter((pair) => pair !== "").length) {
    throw new S3Error("InvalidArgument", {
      Message:
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      ArgumentName: "x-amz-tagging",
      ArgumentValue: tagging,
    });
  }
  if (tags.size > limits.tagsPerObjectMax) {
    throw new S3Error("BadRequest", { Message: `Object tags cannot be greater than ${limits.tagsPerObjectMax}` });
  }
  for (const [key, value] of tags) {
    if (key === "" || key.length > keyLengthMax) throw new S3Error("InvalidTag", { TagKey: key });
    if (value.length > valueLengthMax) throw new S3Error("InvalidTag", { TagKey: key, TagValue: value });
  }
  return tags.size;
};
