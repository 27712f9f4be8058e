/** The tables of cases: decisions, and documents that are refused or taken. Each row cites the page that says so. */

import type { CaseRow } from "./case-rows.ts";
import { type DocumentRow, refusedDocuments, takenDocuments } from "./cases-documents.ts";
import { limitCases } from "./cases-limits.ts";
import { operatorCases } from "./cases-operators.ts";
import { principalCases } from "./cases-principals.ts";
import { statementCases } from "./cases-statements.ts";
import { variableCases } from "./cases-variables.ts";
import { askEngine, compileSets, explainedOutcome, refusalOf } from "./engine.ts";
import { decide } from "./oracle.ts";

const casesMin = 300;
export const cases: readonly CaseRow[] = [
  ...operatorCases,
  ...statementCases,
  ...variableCases,
  ...principalCases,
  ...limitCases,
];

/** Runs the whole table. @returns what went wrong, a line for each; nothing when all is well */
export function tableFailures(): readonly string[] {
  const names = new Set(cases.map(({ name }) => name));
  const failures = cases.flatMap(caseFailures);
  if (names.size !== cases.length) failures.push(`${cases.length - names.size} names of cases stand twice`);
  if (cases.length < casesMin) failures.push(`only ${cases.length} cases`);
  return [...failures, ...refusedDocuments.flatMap(refusedFailures), ...takenDocuments.flatMap(takenFailures)];
}

export const tableSize = cases.length + refusedDocuments.length + takenDocuments.length;

function caseFailures(row: CaseRow): string[] {
  const request = { action: row.action, resource: row.on, principal: row.as, context: row.context };
  const sets = { ...row, resourceAccountId: row.owner };
  const failures: string[] = [];
  const expect = (who: string, outcome: string): void => {
    if (outcome !== row.expected)
      failures.push(`${row.name}: ${who} says ${outcome}, not ${row.expected}; ${row.cites}`);
  };
  expect("the second evaluator", decide(request, sets));
  try {
    const compiled = compileSets(sets);
    expect("the engine", askEngine(request, compiled, new Set()).outcome);
    const keys = Object.keys(row.context);
    expect("the engine, told everything late,", askEngine(request, compiled, new Set(keys)).outcome);
    for (const key of keys) {
      expect(`the engine, told ${key} late,`, askEngine(request, compiled, new Set([key])).outcome);
    }
    expect("the explanation", explainedOutcome(request, compiled));
  } catch (error) {
    failures.push(`${row.name}: the engine throws ${error}; ${row.cites}`);
  }
  return failures;
}

function refusedFailures({ name, kind, document, bucket, cites }: DocumentRow): string[] {
  const refusal = attempt(name, () => refusalOf(document, kind, bucket));
  if (typeof refusal === "string") return [refusal];
  if (refusal === null) return [`${name}: taken, though it is malformed; ${cites}`];
  if (refusal.code !== "MalformedPolicy") return [`${name}: refused with ${refusal.code}; ${cites}`];
  return refusal.message === "" ? [`${name}: refused without a reason`] : [];
}

function takenFailures({ name, kind, document, bucket, cites }: DocumentRow): string[] {
  const refusal = attempt(name, () => refusalOf(document, kind, bucket));
  if (typeof refusal === "string") return [refusal];
  return refusal === null ? [] : [`${name}: refused (${refusal.message}), though it is well-formed; ${cites}`];
}

function attempt<Result>(name: string, action: () => Result): Result | string {
  try {
    return action();
  } catch (error) {
    return `${name}: the engine throws ${error}`;
  }
}
