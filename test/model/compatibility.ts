/** The compatibility table of the documentation, made from the operations themselves. */

import type { AnyOperation } from "#src/model/operation.ts";
import type { Shape, StructureShape } from "#src/model/shape.ts";
import { unansweredMembers } from "./unanswered-members.ts";
import { unservedMembers } from "./unserved-members.ts";

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

const documentation = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_";

const itemOf = (shape: Shape): Shape => (shape.kind === "list" ? itemOf(shape.member) : shape);

/** Names of a structure's members and of those inside them, each once. */
export const membersOf = (shape: StructureShape, found = new Set<string>()): ReadonlySet<string> => {
  for (const [name, member] of Object.entries(shape.members)) {
    found.add(name);
    const inner = itemOf(member.shape);
    if (inner.kind === "structure") membersOf(inner, found);
  }
  return found;
};

const note = (names: readonly string[], text: string): string[] =>
  names.length === 0 ? [] : [`${names.map((name) => `\`${name}\``).join(", ")}: ${text}`];

const notesOf = ({ input }: AnyOperation<never>): string[] =>
  unservedMembers.flatMap(({ members, treatment }) =>
    note(
      [...membersOf(input)].filter((member) => members.test(member)),
      treatment,
    ),
  );

/** Members that the answers of an operation never have, by the reason. */
export const unansweredOf = ({ name, output }: AnyOperation<never>): (readonly [names: string[], reason: string])[] =>
  unansweredMembers
    .filter(({ operations }) => operations === undefined || operations.includes(name))
    .map(({ members, reason }) => [[...membersOf(output)].filter((member) => members.test(member)), reason] as const);

const unansweredNotes = (operation: AnyOperation<never>): string[] =>
  unansweredOf(operation).flatMap(([names, reason]) => note(names, reason));

const servedRow = (operation: AnyOperation<never>): string =>
  `| [${operation.name}](${documentation}${operation.name}.html) | \`${operation.action}\` | ${notesOf(operation).join("<br>")} | ${unansweredNotes(operation).join("<br>")} |`;

const declaredRow = (operation: AnyOperation<never>): string => {
  const answer =
    operation.http.endpoint === undefined ? "501 NotImplemented" : `not routed: AWS serves it on a host of its own`;
  return `| [${operation.name}](${documentation}${operation.name}.html) | ${answer} |`;
};

/** The whole document. Its test fails when docs/COMPATIBILITY.md is not this text. */
export const compatibilityDocument = (operations: readonly AnyOperation<never>[]): string => {
  const served = operations.filter(({ handler }) => handler !== null).sort(byName);
  const declared = operations.filter(({ handler }) => handler === null).sort(byName);
  return `# Compatibility with S3

This page is written by \`npm run docs\` from the table of operations, which a test compares with the model that AWS
publishes in \`@aws-sdk/client-s3\`. Of its ${operations.length} operations, ${served.length} are served.

## Served

A member that is not named in the last columns is served as AWS documents it.

| operation | permission | members of requests that are not served | members that answers never have |
|---|---|---|---|
${served.map(servedRow).join("\n")}

## Declared, not served

Each answers by name, with the resource left untouched. No such request falls through to another operation.

| operation | answer |
|---|---|
${declared.map(declaredRow).join("\n")}

## Query words

A query word selects a sub-resource when the model gives it to some operation on that level and method. Every other word
is ignored, as S3 does: \`GET /bucket/key?v=3\` reads the object, and \`x-id\` means nothing.
`;
};
