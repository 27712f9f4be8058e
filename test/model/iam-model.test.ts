/** The actions of IAM and STS against the models that AWS publishes. */

import { readFileSync } from "node:fs";
import test from "ava";
import { QueryError, type QueryErrorCode } from "#src/iam/errors.ts";
import { queryActions } from "#src/iam/table.ts";
import { unservedActions } from "#src/iam/unserved-actions.ts";
import { iamCompatibilityDocument, iamCompatibilityFile } from "./iam-compatibility.ts";
import { declaredAction } from "./iam-declared.ts";
import { type MemberNote, otherQueryMembers, unservedQueryMembers } from "./iam-differences.ts";
import { type ActionModel, publishedActions, publishedQueryErrors } from "./iam-published.ts";

const published = { iam: publishedActions.iam(), sts: publishedActions.sts() };

test("the published models are there", (t) => {
  t.true(published.iam.size >= 170);
  t.true(published.sts.size >= 9);
  t.true(publishedQueryErrors().size >= 20);
});

test("every published action is served, or refused by its name with a reason; no other is", (t) => {
  for (const service of ["iam", "sts"] as const) {
    const served = queryActions.filter((action) => action.service === service).map(({ name }) => name);
    const refused = unservedActions.filter((group) => group.service === service).flatMap(({ names }) => names);
    t.deepEqual([...served, ...refused].sort(), [...published[service].keys()].sort());
  }
});

/** Each difference as `Action.path: ours | published`. */
const compare = (name: string, ours: ActionModel, theirs: ActionModel) =>
  [...new Set([...ours.members.keys(), ...theirs.members.keys()])].flatMap((path) => {
    const mine = ours.members.get(path);
    const other = theirs.members.get(path);
    return mine === other ? [] : [{ path: `${name}.${path}`, mine: mine ?? null, other: other ?? null }];
  });

const gaps = queryActions.flatMap((action) => {
  const theirs = published[action.service].get(action.name);
  return theirs === undefined ? [] : compare(action.name, declaredAction(action), theirs);
});

test("every row has the published members, or says why not", (t) => {
  const isNoted = (notes: readonly MemberNote[], path: string) => notes.some(({ members }) => members.test(path));
  const unknown = gaps.filter(
    ({ path, mine }) => !isNoted(otherQueryMembers, path) && (mine !== null || !isNoted(unservedQueryMembers, path)),
  );
  for (const { path, mine, other } of unknown)
    t.log(`${path}: ${mine ?? "not declared"} | published: ${other ?? "absent"}`);
  t.deepEqual(unknown, []);
  for (const { members } of [...unservedQueryMembers, ...otherQueryMembers]) {
    t.true(
      gaps.some(({ path }) => members.test(path)),
      `${members} no longer differs`,
    );
  }
});

test("every row has a result element where the model has one", (t) => {
  for (const action of queryActions) {
    t.is<boolean | null, boolean | null>(
      declaredAction(action).hasResult,
      published[action.service].get(action.name)?.hasResult ?? null,
      action.name,
    );
  }
});

test("errors that the models have carry their status", (t) => {
  const codes = new Set(queryActions.flatMap(({ errors }) => errors));
  t.true(codes.size > 5);
  const statuses = publishedQueryErrors();
  for (const code of codes) {
    t.is(new QueryError(code as QueryErrorCode).status, statuses.get(code) ?? 0, code);
  }
});

test("docs/IAM.md is fresh", (t) => {
  t.is(readFileSync(iamCompatibilityFile, "utf8"), iamCompatibilityDocument(), "run `npm run docs`");
});
