/** The ARNs that policies of rows are judged on. Source: IAM user guide, "IAM identifiers". */

import type { AdminRecords } from "./records.ts";
import { arnOf } from "./show.ts";

interface Named {
  readonly params: { readonly name: string };
}

/** A user, group, role or policy that the path names; without a record, as if its path were "/". */
const named =
  (kind: "user" | "group" | "role" | "policy") =>
  ({ params }: Named, accountId: string, reader: AdminRecords): string =>
    arnOf(kind, reader[kind](accountId, params.name) ?? { accountId, path: "/", name: params.name });

export const userArn = named("user");
export const groupArn = named("group");
export const roleArn = named("role");
export const policyArn = named("policy");

/** One that the body is about to make. */
export const newArn =
  (kind: "user" | "group" | "role" | "policy") =>
  ({ body }: { readonly body: { readonly name: string; readonly path: string } }, accountId: string): string =>
    arnOf(kind, { accountId, path: body.path, name: body.name });

export const bucketArn = (name: string): string => `arn:aws:s3:::${name}`;
