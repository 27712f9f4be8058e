/** docs/COMPATIBILITY.md is what the table of operations says. */

import { readdirSync, readFileSync } from "node:fs";
import test from "ava";
import { operations } from "#src/operations/table.ts";
import { compatibilityDocument, membersOf, unansweredOf } from "./compatibility.ts";
import { compatibilityFile } from "./compatibility-file.ts";
import { unansweredMembers } from "./unanswered-members.ts";
import { unservedMembers } from "./unserved-members.ts";

test("docs/COMPATIBILITY.md is fresh", (t) => {
  t.is(readFileSync(compatibilityFile, "utf8"), compatibilityDocument(operations), "run `npm run docs`");
});

test("every note is about a member that some served operation has", (t) => {
  const members = operations.flatMap(({ handler, input }) => (handler === null ? [] : [...membersOf(input)]));
  for (const { members: pattern } of unservedMembers) {
    t.true(
      members.some((member) => pattern.test(member)),
      String(pattern),
    );
  }
});

const folder = new URL("../../../src/operations/", import.meta.url);
const sources = readdirSync(folder)
  .filter((name) => !/test/.test(name))
  .map((name) => readFileSync(new URL(name, folder), "utf8"));
const vocabulary = new URL("../../../src/s3/", import.meta.url);
const declares = /= declareOperation\(/;
/** Helpers of many operations. */
const shared = [
  ...sources.filter((text) => !declares.test(text)),
  ...readdirSync(vocabulary)
    .filter((name) => /-document\.ts$/.test(name))
    .map((name) => readFileSync(new URL(name, vocabulary), "utf8")),
].join("\n");
/** Of checksums' names the code has a pattern only. */
const servedChecksum = /^Checksum(?:CRC32|CRC32C|CRC64NVME|SHA1|SHA256)$/;

test("every member of a served operation's answer is written somewhere, or its absence has a reason", (t) => {
  for (const operation of operations) {
    if (operation.handler === null) continue;
    const own = sources.find((text) => text.includes(`name: "${operation.name}"`)) ?? "";
    const code = `${own}\n${shared}`;
    const absent = new Set(unansweredOf(operation).flatMap(([names]) => names));
    for (const member of membersOf(operation.output)) {
      const isWritten = servedChecksum.test(member) || assigns(code, member);
      t.true(isWritten || absent.has(member), `${operation.name}.${member}`);
    }
  }
  for (const { members: pattern } of unansweredMembers) {
    t.true(
      operations.some(
        ({ handler, output }) => handler !== null && [...membersOf(output)].some((name) => pattern.test(name)),
      ),
      String(pattern),
    );
  }
});

/** A property of that name, or a short one, that is no declaration of a member. */
function assigns(code: string, member: string): boolean {
  return new RegExp(`\\b${member}(?::(?! (?:header|body|payload|prefixHeaders|query|label)\\()|[ ,]*[,}])`).test(code);
}
