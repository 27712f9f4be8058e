/** A linear pass over XML text before it is parsed: refuses document types and nesting that would exhaust the parser's stack. */

import { limits } from "../base/limits.ts";

const gt = 0x3e;
const slash = 0x2f;
const doubleQuote = 0x22;
const singleQuote = 0x27;

/** Index just past `terminator` searched from `from`, or -1. */
const past = (text: string, terminator: string, from: number): number => {
  const at = text.indexOf(terminator, from);
  return at < 0 ? -1 : at + terminator.length;
};

/** Index of the `>` that closes the tag which begins before `from`, or -1. A quoted attribute value may hold `>`. */
const tagEnd = (text: string, from: number): number => {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === gt) return at;
    if (code === doubleQuote || code === singleQuote) {
      at = text.indexOf(code === doubleQuote ? '"' : "'", at + 1);
      if (at < 0) return -1;
    }
  }
  return -1;
};

/**
 * What keeps `text` from being parsed, or null. O(length), no recursion.
 * Says nothing of well-formedness otherwise: that is the parser's.
 */
export const xmlObstacle = (text: string): "document type" | "depth" | "unterminated" | null => {
  let depth = 0;
  let at = text.indexOf("<");
  while (at >= 0) {
    let next: number;
    if (text.startsWith("<!--", at)) next = past(text, "-->", at + 4);
    else if (text.startsWith("<![CDATA[", at)) next = past(text, "]]>", at + 9);
    else if (text.startsWith("<?", at)) next = past(text, "?>", at + 2);
    else if (text.startsWith("<!", at)) return "document type";
    else {
      const end = tagEnd(text, at + 1);
      next = end < 0 ? -1 : end + 1;
      if (text.charCodeAt(at + 1) === slash) depth--;
      else if (end >= 0 && text.charCodeAt(end - 1) !== slash && ++depth > limits.xmlDepthMax) return "depth";
    }
    if (next < 0) return "unterminated";
    at = text.indexOf("<", next);
  }
  return null;
};
