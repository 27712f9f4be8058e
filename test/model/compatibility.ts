/** The compatibility table of the documentation, made from the operations themselves. */

import type { AnyOperation } from "#src/model/operation.ts";
import { unservedMembers } from "./unserved-members.ts";

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

const documentation = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_";

const inputsOf = (operation: AnyOperation<never>): string[] => Object.keys(operation.input.members);

const notesOf = (operation: AnyOperation<never>): string[] =>
  unservedMembers.flatMap(({ members, treatment }) => {
    const named = inputsOf(operation).filter((member) => members.test(member));
    return named.length === 0 ? [] : [`${named.map((name) => `\`${name}\``).join(", ")}: ${treatment}`];
  });

const servedRow = (operation: AnyOperation<never>): string =>
  `| [${operation.name}](${documentation}${operation.name}.html) | \`${operation.action}\` | ${notesOf(operation).join("<br>")} |`;

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

A member that is not named in the last column is served as AWS documents it.

| operation | permission | members that are not served |
|---|---|---|
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
