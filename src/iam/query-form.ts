/**
 * The form of the AWS Query protocol: names with dots become a tree. Strict and bounded; says nothing of what members mean.
 * Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */

import { limits } from "../base/limits.ts";
import { QueryError } from "./errors.ts";

/** A name's value, and what stands below it (`Tags.member.1.Key`). */
export interface FormNode {
  value: string | null;
  /** By the next part of the name; null without any. */
  children: Map<string, FormNode> | null;
}

const namePattern = /^[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*$/;
const signatureWord = /^x-amz-/i;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * @param text `application/x-www-form-urlencoded`, as on the wire
 * @returns the tree's root; words of a presigned query (X-Amz-…) are left out
 * @throws QueryError MalformedQueryString (escapes, UTF-8, names), InvalidQueryParameter (given twice, too many, too deep)
 */
export function parseForm(text: string): FormNode {
  const root: FormNode = { value: null, children: null };
  if (text === "") return root;
  const words = text.split("&", limits.queryFieldsMax + 1);
  if (words.length > limits.queryFieldsMax) {
    throw new QueryError("InvalidQueryParameter", `More than ${limits.queryFieldsMax} parameters.`);
  }
  for (const word of words) {
    if (word === "") continue;
    const equals = word.indexOf("=");
    const name = decode(equals < 0 ? word : word.slice(0, equals));
    if (!signatureWord.test(name)) put(root, name, equals < 0 ? "" : decode(word.slice(equals + 1)));
  }
  return root;
}

/** The value of a name without dots, or null. */
export function formValue(root: FormNode, name: string): string | null {
  return root.children?.get(name)?.value ?? null;
}

function put(root: FormNode, name: string, value: string): void {
  if (!namePattern.test(name)) {
    throw new QueryError("MalformedQueryString", `${shown(name)} is not the name of a parameter.`);
  }
  const parts = name.split(".");
  if (parts.length > limits.queryDepthMax) throw new QueryError("InvalidQueryParameter", `${shown(name)} is too deep.`);
  let node = root;
  for (const part of parts) {
    node.children ??= new Map();
    let child = node.children.get(part);
    if (child === undefined) {
      child = { value: null, children: null };
      node.children.set(part, child);
    }
    node = child;
  }
  if (node.value !== null) throw new QueryError("InvalidQueryParameter", `${shown(name)} is given more than once.`);
  node.value = value;
}

function decode(word: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(word)) throw new QueryError("MalformedQueryString", "A percent escape is broken.");
  const spaced = word.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  const bytes = Buffer.from(spaced, "utf8").toString("latin1");
  const plain = bytes.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  try {
    return utf8.decode(Buffer.from(plain, "latin1"));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new QueryError("MalformedQueryString", "A parameter is not UTF-8.", { cause: error });
  }
}

/** A client's text in a message, cut. */
export function shown(text: string): string {
  return text.length <= limits.queryEchoCharsMax ? text : `${text.slice(0, limits.queryEchoCharsMax)}…`;
}
