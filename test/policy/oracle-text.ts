/** Wildcards and variables, the slow and obvious way. */

import type { PlainRequest } from "./raw.ts";

/** One character of a pattern: itself, or a wildcard. */
export interface PatternCharacter {
  readonly character: string;
  readonly isWild: boolean;
}

const literal = (text: string): PatternCharacter[] => [...text].map((character) => ({ character, isWild: false }));

/** Values of a key, whatever the case of its name; none when it is not in the request. */
export const valuesOf = ({ context }: PlainRequest, key: string): readonly string[] => context[key.toLowerCase()] ?? [];

/**
 * Writes the variables of a pattern out. Variables exist since version 2012-10-17; what stands in for one is literal.
 * @returns null when a variable has no value and no default
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function expand(text: string, version: string, request: PlainRequest): PatternCharacter[] | null {
  const pattern: PatternCharacter[] = [];
  let rest = text;
  while (rest !== "") {
    const variable = version === "2008-10-17" ? null : /^\$\{([^}]*)\}/.exec(rest);
    if (variable === null) {
      const [character = ""] = rest;
      pattern.push({ character, isWild: character === "*" || character === "?" });
      rest = rest.slice(character.length);
      continue;
    }
    const [whole, inside = ""] = variable;
    const value = variableValue(inside, request);
    if (value === null) return null;
    pattern.push(...literal(value));
    rest = rest.slice(whole.length);
  }
  return pattern;
}

function variableValue(inside: string, request: PlainRequest): string | null {
  if (inside === "*" || inside === "?" || inside === "$") return inside;
  const [, key = "", fallback] = /^([^,]*?)\s*(?:,\s*'(.*)')?$/.exec(inside) ?? [];
  const values = valuesOf(request, key);
  if (values.length === 1) return values[0] ?? null;
  return fallback ?? null;
}

/** Whether a pattern is the whole of a text: `*` is any characters, `?` is one. Tries everything; only for few stars. */
export function matches(pattern: readonly PatternCharacter[], text: string): boolean {
  const characters = [...text];
  const fitsFrom = (at: number, place: number): boolean => {
    const item = pattern[at];
    if (item === undefined) return place === characters.length;
    if (item.isWild && item.character === "*") {
      return fitsFrom(at + 1, place) || (place < characters.length && fitsFrom(at, place + 1));
    }
    const isOne = place < characters.length && (item.isWild || characters[place] === item.character);
    return isOne && fitsFrom(at + 1, place + 1);
  };
  return fitsFrom(0, 0);
}

export const textOf = (pattern: readonly PatternCharacter[]): string =>
  pattern.map(({ character }) => character).join("");

/** The six parts of an ARN's pattern, split at the first five colons; null when there are fewer. */
export function arnParts(pattern: readonly PatternCharacter[]): (readonly PatternCharacter[])[] | null {
  const parts: PatternCharacter[][] = [[]];
  for (const item of pattern) {
    if (item.character === ":" && parts.length < 6) parts.push([]);
    else parts.at(-1)?.push(item);
  }
  return parts.length === 6 ? parts : null;
}
