/** The table of operations against the model that AWS publishes, and what follows from the table alone. */

import test from "ava";
import { compileDecoder } from "#src/model/http-decode.ts";
import { compileEncoder } from "#src/model/http-encode.ts";
import type { AnyOperation } from "#src/model/operation.ts";
import { operations } from "#src/operations/table.ts";
import { s3Errors } from "#src/s3/errors.ts";
import { declaredModel } from "./declared.ts";
import { knownDifferences } from "./differences.ts";
import { type OperationModel, publishedErrors, publishedOperations } from "./published.ts";

const published = publishedOperations();

/** Lines of the one model that the other does not have so. */
const compare = (ours: OperationModel, theirs: OperationModel): string[] => {
  const gaps: string[] = [];
  for (const field of ["method", "uri", "status", "input", "output"] as const) {
    if (ours[field] !== theirs[field])
      gaps.push(`${ours.name}: ${field} is ${ours[field]}, published ${theirs[field]}`);
  }
  for (const path of new Set([...ours.members.keys(), ...theirs.members.keys()])) {
    const [mine, other] = [ours.members.get(path), theirs.members.get(path)];
    if (mine !== other) gaps.push(`${ours.name}.${path}: ${mine ?? "not declared"} | published: ${other ?? "absent"}`);
  }
  return gaps;
};

const isKnown = (gap: string, { path }: { readonly path: string }): boolean =>
  path.startsWith("*.") ? gap.includes(`${path.slice(1)}: `) : gap.startsWith(`${path}: `);

test("the published model is there", (t) => {
  t.true(published.size >= 112);
});

test("every published operation is declared, and nothing else", (t) => {
  t.deepEqual(operations.map(({ name }) => name).sort(), [...published.keys()].sort());
});

test("every row has the published method, URI, status and members", (t) => {
  const gaps = operations.flatMap((operation: AnyOperation<never>) => {
    const theirs = published.get(operation.name);
    return theirs === undefined ? [] : compare(declaredModel(operation), theirs);
  });
  const unknown = gaps.filter((gap) => !knownDifferences.some((difference) => isKnown(gap, difference)));
  for (const gap of unknown) t.log(gap);
  t.deepEqual(unknown, []);
  for (const difference of knownDifferences) {
    t.true(
      gaps.some((gap) => isKnown(gap, difference)),
      `${difference.path} no longer differs`,
    );
  }
});

test("every row can be decoded and encoded", (t) => {
  for (const operation of operations) {
    t.notThrows(() => compileDecoder(operation.input), operation.name);
    if (operation.name === "SelectObjectContent") continue;
    t.notThrows(() => compileEncoder(operation.http, operation.output), operation.name);
  }
});

test("errors that the model has carry its status", (t) => {
  // The model gives these one status; S3's error list, which the wire follows, gives another.
  const otherwise = new Map([["InvalidObjectState", 403]]);
  const rows: Readonly<Record<string, { readonly status: number }>> = s3Errors;
  const compared = [...publishedErrors()].filter(([code]) => Object.hasOwn(s3Errors, code));
  t.true(compared.length > 5);
  for (const [code, status] of compared) t.is(rows[code]?.status, otherwise.get(code) ?? status, code);
});
