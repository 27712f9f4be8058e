/** The page on IAM and STS of the documentation, made from the actions themselves. */

import { dirname, join } from "node:path";
import { queryActions } from "#src/iam/table.ts";
import { unservedActions } from "#src/iam/unserved-actions.ts";
import { compatibilityFile } from "./compatibility-file.ts";
import { declaredAction } from "./iam-declared.ts";
import { unservedQueryMembers } from "./iam-differences.ts";
import { publishedActions } from "./iam-published.ts";

export const iamCompatibilityFile: string = join(dirname(compatibilityFile), "IAM.md");

type Service = "iam" | "sts";

const references: Readonly<Record<Service, string>> = {
  iam: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_",
  sts: "https://docs.aws.amazon.com/STS/latest/APIReference/API_",
};
const published = { iam: publishedActions.iam(), sts: publishedActions.sts() };

/** Members that are not served, each by its outermost path, with the reason. */
const notesOf = (name: string, service: Service): string => {
  const ours = queryActions.find((action) => action.service === service && action.name === name);
  const declared = ours === undefined ? new Map<string, string>() : declaredAction(ours).members;
  const absent = [...(published[service].get(name)?.members.keys() ?? [])].filter((path) => !declared.has(path));
  return unservedQueryMembers
    .flatMap(({ members, reason }) => {
      const paths = absent.filter((path) => members.test(`${name}.${path}`));
      const outermost = paths.filter((path) => !paths.some((other) => path !== other && path.startsWith(other)));
      const isSet = outermost.length > 0 && !reason.startsWith("the list is always empty");
      if (isSet)
        return [`${outermost.map((path) => `\`${path.replace(/^(?:in|out)put\./, "")}\``).join(", ")}: ${reason}`];
      return outermost.length > 0 ? [reason] : [];
    })
    .join("<br>");
};

const table = (service: Service): string =>
  queryActions
    .filter((action) => action.service === service)
    .map(
      ({ name, action }) =>
        `| [${name}](${references[service]}${name}.html) | \`${action}\` | ${notesOf(name, service)} |`,
    )
    .join("\n");

const refused = (service: Service): string =>
  unservedActions
    .filter((group) => group.service === service)
    .map(({ reason, names }) => `| ${names.map((name) => `\`${name}\``).join(", ")} | ${reason} |`)
    .join("\n");

/** The whole page. Its test fails when docs/IAM.md is not this text. */
export const iamCompatibilityDocument = (): string => `# IAM and STS

The S3 port answers AWS's control APIs too: IAM (version 2010-05-08) and STS (version 2011-06-15) by the query protocol, at
\`/\` of any S3 host, and tags by S3 Control. Which service a request is for is what its signature says, so that clients need
nothing but the endpoint. This page is written by \`npm run docs\` from the table of actions, which a test compares with the
models that AWS publishes in \`@aws-sdk/client-iam\` and \`@aws-sdk/client-sts\`.

Unknown parameters are refused with InvalidQueryParameter, never ignored. Documents in answers are percent-encoded, as at AWS.

## IAM actions

| action | permission | what is not as at AWS |
|---|---|---|
${table("iam")}

## STS actions

| action | permission | what is not as at AWS |
|---|---|---|
${table("sts")}

## Refused by name

Each is answered with 400 InvalidAction and the reason.

| actions of IAM | reason |
|---|---|
${refused("iam")}

| actions of STS | reason |
|---|---|
${refused("sts")}

## S3 Control

| operation | answer |
|---|---|
| ListTagsForResource, TagResource, UntagResource | tags of buckets, by \`arn:aws:s3:::bucket\` |
| every other | 405 MethodNotAllowed |
`;
