/** docs/COMPATIBILITY.md is what the table of operations says. */

import { readFileSync } from "node:fs";
import test from "ava";
import { operations } from "#src/operations/table.ts";
import { compatibilityDocument } from "./compatibility.ts";
import { compatibilityFile } from "./compatibility-file.ts";
import { unservedMembers } from "./unserved-members.ts";

test("docs/COMPATIBILITY.md is fresh", (t) => {
  t.is(readFileSync(compatibilityFile, "utf8"), compatibilityDocument(operations), "run `npm run docs`");
});

test("every note is about a member that some served operation has", (t) => {
  const members = operations.flatMap(({ handler, input }) => (handler === null ? [] : Object.keys(input.members)));
  for (const { members: pattern } of unservedMembers) {
    t.true(
      members.some((member) => pattern.test(member)),
      String(pattern),
    );
  }
});
