/** Tags as `x-amz-tagging` carries them. Source: AWS "Categorizing your storage using tags". */

import { limits } from "../base/limits.ts";
import { S3Error } from "./errors.ts";
import { parseQuery } from "./uri.ts";

/** Letters, digits and spaces of any script, and `+ - = . _ : / @`. Source: AWS S3 API, type S3Tag. */
const text = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
/** Of any case: tags of AWS's own. */
const reserved = /^aws:/i;

const checkTag = (key: string, value: string): void => {
  if (key === "" || key.length > limits.tagKeyCharsMax || !text.test(key)) {
    throw new S3Error("InvalidTag", { Message: "The TagKey you have provided is invalid", TagKey: key });
  }
  if (reserved.test(key)) {
    throw new S3Error("InvalidTag", { Message: "Your TagKey cannot be prefixed with aws:", TagKey: key });
  }
  if (value.length > limits.tagValueCharsMax || !text.test(value)) {
    throw new S3Error("InvalidTag", { Message: "The TagValue you have provided is invalid", TagKey: key });
  }
};

const parseTags = (tagging: string): ReadonlyMap<string, string> => {
  try {
    return parseQuery(tagging, limits.attributesBytesMax);
  } catch (error) {
    throw invalidTagging(tagging, error);
  }
};

const invalidTagging = (tagging: string, cause?: unknown): S3Error =>
  new S3Error(
    "InvalidArgument",
    {
      Message:
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      ArgumentName: "x-amz-tagging",
      ArgumentValue: tagging,
    },
    { cause },
  );

/** As elements of a document carry it. */
interface TagElement {
  readonly Key: string;
  readonly Value: string;
}

/** @throws S3Error InvalidTag */
const judgeElements = (tags: readonly TagElement[]): void => {
  for (const { Key, Value } of tags) checkTag(Key, Value);
  if (new Set(tags.map(({ Key }) => Key)).size === tags.length) return;
  throw new S3Error("InvalidTag", { Message: "Cannot provide multiple Tags with the same key" });
};

/**
 * The tags of a document as `x-amz-tagging` carries them.
 * @throws S3Error InvalidTag (as `checkTags`, or a key twice), BadRequest (more than `limits.tagsPerObjectMax`)
 */
export const taggingOf = (tags: readonly TagElement[]): string => {
  if (tags.length > limits.tagsPerObjectMax) throw tooManyTags();
  judgeElements(tags);
  return tags.map(({ Key, Value }) => `${encodeURIComponent(Key)}=${encodeURIComponent(Value)}`).join("&");
};

/** @throws S3Error InvalidTag, BadRequest (more than `limits.tagsPerBucketMax`). Source: API_PutBucketTagging. */
export const checkBucketTags = (tags: readonly TagElement[]): void => {
  if (tags.length > limits.tagsPerBucketMax) {
    throw new S3Error("BadRequest", { Message: `Bucket tag count cannot be greater than ${limits.tagsPerBucketMax}` });
  }
  judgeElements(tags);
};

const tooManyTags = (): S3Error =>
  new S3Error("BadRequest", { Message: `Object tags cannot be greater than ${limits.tagsPerObjectMax}` });

/** The tags of a tag set that was stored, and so was judged before: key and value, in the order of the header. */
export const storedTags = (tagging: string): readonly (readonly [string, string])[] => [
  ...parseQuery(tagging, limits.attributesBytesMax),
];

/** The number of tags in a tag set that was stored, and so was judged before. */
export const storedTagCount = (tagging: string): number => tagging.split("&").filter((pair) => pair !== "").length;

/**
 * Judges a query-encoded tag set. Characters are counted as UTF-16 does, as on S3.
 * @throws S3Error InvalidArgument (not a query, or a key twice), InvalidTag (a key or value that is too long, empty,
 * reserved or has other characters), BadRequest (more than `limits.tagsPerObjectMax`)
 */
export const checkTags = (tagging: string): void => {
  const tags = parseTags(tagging);
  if (tags.size !== storedTagCount(tagging)) throw invalidTagging(tagging);
  if (tags.size > limits.tagsPerObjectMax) throw tooManyTags();
  for (const [key, value] of tags) checkTag(key, value);
};
