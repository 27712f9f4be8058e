/** Reads JSON text strictly: names that stand twice in one object and deep nesting are refused, which JSON.parse takes. Pure. */

import { PolicyError } from "./policy-error.ts";

/**
 * @throws PolicyError when the text is not JSON, nests deeper than `depthMax`, or an object has a name twice
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function parseJsonText(text: string, depthMax: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PolicyError(`not JSON: ${error instanceof Error ? error.message : String(error)}`, "");
  }
  refuseTwice(text, depthMax);
  return value;
}

/** @param text valid JSON */
function refuseTwice(text: string, depthMax: number): void {
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case "{":
      case "[":
        open.push(text[at] === "{" ? new Set() : null);
        if (open.length > depthMax) throw new PolicyError(`nested deeper than ${depthMax} levels`, "");
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case '"': {
        const start = at;
        at = endOfString(text, at);
        const names = open[open.length - 1];
        if (names && isName(text, at)) {
          const name = JSON.parse(text.slice(start, at + 1)) as string;
          if (names.has(name)) throw new PolicyError(`${JSON.stringify(name)} stands twice in one object`, "");
          names.add(name);
        }
      }
    }
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

/** A string of an object is a name when a colon follows it. */
function isName(text: string, end: number): boolean {
  let at = end + 1;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++;
  return text[at] === ":";
}
