/**
 * Policy variables: `${aws:username}`, `${key, 'default'}`, and `${*}`, `${?}`, `${$}` for the characters themselves. Pure.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */

import { isVariableKey } from "./condition-keys.ts";
import type { Atom } from "./glob.ts";
import { anyOne, anyRun, parseAtoms } from "./glob.ts";
import type { RequestContext } from "./request-context.ts";

interface Variable {
  /** In lower case. */
  readonly key: string;
  readonly fallback: string | null;
}

export type TemplatePart = Atom | Variable;
export type Template = readonly TemplatePart[];

export interface TemplateOptions {
  /** `*` and `?` are wildcards, else they are characters as others. */
  readonly wildcards: boolean;
  /** `${…}` is a variable, else it is text: versions before 2012-10-17. */
  readonly variables: boolean;
}

/**
 * Splits a text of a policy.
 * @returns its parts, or a sentence that says why the text is refused
 */
export function parseTemplate(text: string, { wildcards, variables }: TemplateOptions): TemplatePart[] | string {
  const parts: TemplatePart[] = [];
  const addText = (piece: string) => {
    if (piece !== "") parts.push(...(wildcards ? parseAtoms(piece) : [piece]));
  };
  let at = 0;
  while (variables) {
    const start = text.indexOf("${", at);
    if (start < 0) break;
    addText(text.slice(at, start));
    const special = text[start + 2];
    if ((special === "*" || special === "?" || special === "$") && text[start + 3] === "}") {
      parts.push(special);
      at = start + 4;
      continue;
    }
    const variable = readVariable(text, start + 2);
    if (typeof variable === "string") return variable;
    parts.push(variable.part);
    at = variable.end;
  }
  addText(text.slice(at));
  return parts;
}

function readVariable(text: string, start: number): { part: Variable; end: number } | string {
  const close = text.indexOf("}", start);
  if (close < 0) return "a policy variable is not closed with }";
  const comma = text.indexOf(",", start);
  const hasDefault = comma >= 0 && comma < close;
  const key = text.slice(start, hasDefault ? comma : close).trim();
  if (!isVariableKey(key)) return `\${${key}} is not a policy variable`;
  if (!hasDefault) return { part: { key: key.toLowerCase(), fallback: null }, end: close + 1 };
  let open = comma + 1;
  while (text[open] === " ") open++;
  const end = text.indexOf("'}", open + 1);
  if (text[open] !== "'" || end < 0) return `the default of \${${key}} must stand in single quotes`;
  return { part: { key: key.toLowerCase(), fallback: text.slice(open + 1, end) }, end: end + 2 };
}

const isVariable = (part: TemplatePart): part is Variable => typeof part === "object";

export const hasVariables = (template: Template): boolean => template.some(isVariable);

/** Asks for every variable's value, so that the context knows it. */
export function askVariables(templates: readonly Template[], context: RequestContext): void {
  for (const part of templates.flat()) if (isVariable(part)) context.get(part.key);
}

/** The text that everything starts with which meets the template. */
export const leadOf = (template: Template): string => (typeof template[0] === "string" ? template[0] : "");

/** The template of a text without variables. */
export const asAtoms = (template: Template): Atom[] => template.filter((part) => typeof part !== "object");

/**
 * Puts the request's values in for the variables.
 * @returns null when a variable has no value (absent, or several values) and no default: such a text meets nothing
 */
export function resolveTemplate(template: Template, context: RequestContext): Atom[] | null | "deferred" {
  const atoms: Atom[] = [];
  for (const part of template) {
    if (!isVariable(part)) {
      atoms.push(part);
      continue;
    }
    const values = context.get(part.key);
    if (values === "deferred") return "deferred";
    const value = values?.length === 1 ? values[0] : values === undefined || values.length === 0 ? part.fallback : null;
    if (value === null || value === undefined) return null;
    atoms.push(value);
  }
  return atoms;
}

/** The text of atoms that hold no wildcards. */
export const atomsText = (atoms: readonly Atom[]): string =>
  atoms.map((atom) => (atom === anyRun ? "*" : atom === anyOne ? "?" : atom)).join("");
