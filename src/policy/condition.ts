/** One condition of a statement, compiled: from a request's values to true, false or not known yet. Pure. */

import { parseAddress, parseAddressRange, rangeHolds } from "./address-range.ts";
import type { PolicyCondition } from "./document.ts";
import { type Atom, compileGlob, type Glob, globMatches } from "./glob.ts";
import { parseInstant } from "./instant.ts";
import {
  type OperatorFamily,
  type OperatorRow,
  operators,
  type Quantifier,
  readBinary,
  readBool,
  readNumber,
} from "./operators.ts";
import type { RequestContext } from "./request-context.ts";
import {
  asAtoms,
  atomsText,
  hasVariables,
  parseTemplate,
  resolveTemplate,
  type Template,
  type TemplatePart,
} from "./template.ts";
import { and, no, not, or, type Truth, unknown, yes } from "./truth.ts";

/** Whether a value of the request meets a value of the policy. */
type Meets = (value: string) => boolean;

export interface CompiledCondition {
  readonly source: PolicyCondition;
  /** In lower case. */
  readonly key: string;
  readonly family: OperatorFamily;
  readonly negated: boolean;
  readonly ifExists: boolean;
  readonly quantifier: Quantifier | null;
  /** Values without variables; all of them together. */
  readonly meets: Meets;
  /** Values with variables. */
  readonly templates: readonly Template[];
  /** Null: what "the key is missing" is compared with. */
  readonly wantsMissing: readonly boolean[];
}

/** @param variables whether `${…}` in values are variables: from version 2012-10-17 on */
export function compileCondition(source: PolicyCondition, variables: boolean): CompiledCondition {
  const row = operators.get(source.operator) as OperatorRow;
  const texts = readTexts(row, source.values, variables);
  return {
    source,
    key: source.key.toLowerCase(),
    family: row.family,
    negated: row.negated,
    ifExists: source.ifExists,
    quantifier: source.quantifier,
    meets: texts === null ? meetsOfValues(row, source.values) : meetsOfTexts(row.family, texts.fixed),
    templates: texts === null ? [] : texts.templates,
    wantsMissing: row.family === "null" ? source.values.map((value) => readBool(value) === true) : [],
  };
}

/** Whether the condition holds. */
export function conditionTruth(condition: CompiledCondition, context: RequestContext): Truth {
  const values = context.get(condition.key);
  if (values === "deferred") return unknown;
  const isMissing = values === undefined || values.length === 0;
  if (condition.family === "null") return condition.wantsMissing.includes(isMissing) ? yes : no;
  const { quantifier, negated } = condition;
  if (isMissing) {
    if (condition.ifExists || quantifier === "ForAllValues") return yes;
    return quantifier === null && negated ? yes : no;
  }
  if (quantifier === null) {
    const truth = anyMeets(condition, values, context);
    return negated ? not(truth) : truth;
  }
  // A set of empty strings is an empty set.
  if (values.every((value) => value === "")) return quantifier === "ForAllValues" ? yes : no;
  let truth: Truth = quantifier === "ForAllValues" ? yes : no;
  for (const value of values) {
    const one = valueMeets(condition, value, context);
    const holds = negated ? not(one) : one;
    truth = quantifier === "ForAllValues" ? and(truth, holds) : or(truth, holds);
  }
  return truth;
}

function anyMeets(condition: CompiledCondition, values: readonly string[], context: RequestContext): Truth {
  let truth: Truth = no;
  for (const value of values) {
    truth = or(truth, valueMeets(condition, value, context));
    if (truth === yes) return yes;
  }
  return truth;
}

function valueMeets(condition: CompiledCondition, value: string, context: RequestContext): Truth {
  if (condition.meets(value)) return yes;
  let truth: Truth = no;
  for (const template of condition.templates) {
    const atoms = resolveTemplate(template, context);
    if (atoms === "deferred") truth = unknown;
    else if (atoms !== null && meetsOfTexts(condition.family, [atoms])(value)) return yes;
  }
  return truth;
}

/** Values of the operators in which variables may stand; null for the others. */
function readTexts(
  { family }: OperatorRow,
  values: readonly string[],
  variables: boolean,
): { fixed: Atom[][]; templates: TemplatePart[][] } | null {
  if (family !== "equals" && family !== "equals-ignore-case" && family !== "like" && family !== "arn") return null;
  const wildcards = family === "like" || family === "arn";
  const parsed = values
    .map((value) => parseTemplate(value, { wildcards, variables }))
    .filter((parts) => typeof parts !== "string");
  return {
    fixed: parsed.filter((parts) => !hasVariables(parts)).map(asAtoms),
    templates: parsed.filter(hasVariables),
  };
}

function meetsOfTexts(family: OperatorFamily, texts: readonly Atom[][]): Meets {
  if (texts.length === 0) return () => false;
  if (family === "like") {
    const globs = texts.map(compileGlob);
    return (value) => globs.some((glob) => globMatches(glob, value));
  }
  if (family === "arn") {
    const patterns = texts.map(arnGlobs);
    return (value) => {
      const parts = splitArn([value]);
      return (
        parts !== null &&
        patterns.some(
          (pattern) => pattern?.every((glob, part) => globMatches(glob, atomsText(parts[part] as Atom[]))) === true,
        )
      );
    };
  }
  const plain = texts.map(atomsText);
  if (family === "equals-ignore-case") {
    const lower = new Set(plain.map((text) => text.toLowerCase()));
    return (value) => lower.has(value.toLowerCase());
  }
  if (plain.length === 1) return (value) => value === plain[0];
  const exact = new Set(plain);
  return (value) => exact.has(value);
}

/** The six parts of an ARN, each a pattern of its own: a wildcard does not reach over a colon. Null when there are fewer. */
function arnGlobs(atoms: Atom[]): Glob[] | null {
  if (atoms.length === 1 && typeof atoms[0] === "number")
    return atoms[0] === 0 ? new Array(6).fill(compileGlob(atoms)) : null;
  return splitArn(atoms)?.map(compileGlob) ?? null;
}

function splitArn(atoms: readonly Atom[]): Atom[][] | null {
  const parts: Atom[][] = [[]];
  for (const atom of atoms) {
    if (typeof atom !== "string") {
      (parts[parts.length - 1] as Atom[]).push(atom);
      continue;
    }
    let start = 0;
    while (parts.length < 6) {
      const colon = atom.indexOf(":", start);
      if (colon < 0) break;
      (parts[parts.length - 1] as Atom[]).push(atom.slice(start, colon));
      parts.push([]);
      start = colon + 1;
    }
    (parts[parts.length - 1] as Atom[]).push(atom.slice(start));
  }
  return parts.length === 6 ? parts : null;
}

/** The operators whose values are read once, when the policy is compiled. */
function meetsOfValues({ family, comparison }: OperatorRow, values: readonly string[]): Meets {
  switch (family) {
    case "numeric":
    case "date": {
      const read = family === "numeric" ? readNumber : parseInstant;
      const wanted = values.map((value) => read(value) as number);
      return (value) => {
        const given = read(value);
        return given !== null && wanted.some((limit) => compare(given, comparison, limit));
      };
    }
    case "bool": {
      const wanted = values.map(readBool);
      return (value) => {
        const given = readBool(value);
        return given !== null && wanted.includes(given);
      };
    }
    case "binary": {
      const wanted = values.map(readBinary);
      return (value) => {
        const given = readBinary(value);
        return given !== null && wanted.includes(given);
      };
    }
    case "address": {
      const ranges = values.map(parseAddressRange).filter((range) => range !== null);
      return (value) => {
        const address = parseAddress(value);
        return address !== null && ranges.some((range) => rangeHolds(range, address));
      };
    }
    default:
      return () => false;
  }
}

function compare(given: number, comparison: OperatorRow["comparison"], limit: number): boolean {
  switch (comparison) {
    case "=":
      return given === limit;
    case "<":
      return given < limit;
    case "<=":
      return given <= limit;
    case ">":
      return given > limit;
    case ">=":
      return given >= limit;
  }
}
