/** Rows of key pairs: the caller's own, and those of other users. A secret is in the answer that makes it, and in no other. */

import { z } from "zod";
import { keyCsv } from "../account/key-csv.ts";
import type { UserRecord } from "../control/identity-records.ts";
import { userArn } from "./arns.ts";
import type { AdminContext } from "./context.ts";
import { type Admittance, anyProof, byPolicy, declareAdmin } from "./declaration.ts";
import { AdminError } from "./problem.ts";
import { anyName, atTime, nothing, time } from "./schemas.ts";
import { keyForm, showKey } from "./show.ts";

const group = "Access keys";
const own: Admittance = { who: anyProof, role: "user", scope: "all", whileActing: false, action: null };
/** Who acts as another account never sees a secret of it. */
const notActing = (action: string): Admittance => ({ ...byPolicy(action), whileActing: false });

const ofKey = z.strictObject({ accessKeyId: anyName });
const ofUser = z.strictObject({ name: anyName });
const ofUserKey = z.strictObject({ name: anyName, accessKeyId: anyName });
const keyList = z.strictObject({ items: z.array(keyForm) });
const keyChange = z.strictObject({ status: z.enum(["Active", "Inactive"]) });
const newKey = z.strictObject({
  accessKeyId: z.string(),
  secretAccessKey: z.string().describe("Shown here and never again."),
  createdAt: time,
  csv: z.string().describe("The pair as the file that `aws configure import --csv` reads."),
  csvFileName: z.string(),
});

/** @throws AdminError NoSuchEntity */
export function userOf({ caller, reader }: AdminContext, name: string): UserRecord {
  const user = reader.user(caller.account.accountId, name);
  if (user === undefined) throw new AdminError("NoSuchEntity", `There is no user ${JSON.stringify(name)}.`);
  return user;
}

const of = ({ caller }: AdminContext, user: UserRecord) => ({
  by: caller.actor,
  accountId: user.accountId,
  userName: user.name,
});

/** A key of another user is as unknown as one that does not exist. @throws AdminError NoSuchEntity */
function checkHolder({ reader }: AdminContext, user: UserRecord, accessKeyId: string): void {
  const key = reader.accessKey(accessKeyId);
  if (key === undefined || key.accountId !== user.accountId || key.userName !== user.name) {
    throw new AdminError("NoSuchEntity", "There is no such access key.");
  }
}

function list({ reader }: AdminContext, user: UserRecord): z.input<typeof keyList> {
  const keys = reader.keysOf(user.accountId, user.name);
  return { items: keys.map(({ key, lastUsed }) => showKey(key, lastUsed)) };
}

async function create(context: AdminContext, user: UserRecord): Promise<z.input<typeof newKey>> {
  // The control actor refuses it as well: here the reason can be said in full.
  if (context.caller.account.kind === "reseller") {
    throw new AdminError("AccessDenied", "Reseller accounts have no access keys; use an API token.");
  }
  const { accessKeyId, secretAccessKey, createdMs } = await context.ask("key.create", of(context, user));
  return {
    accessKeyId,
    secretAccessKey,
    createdAt: atTime(createdMs),
    csv: keyCsv(user.role === "root" ? (user.email ?? user.name) : user.name, { accessKeyId, secretAccessKey }),
    csvFileName: `${accessKeyId}.csv`,
  };
}

async function update(
  context: AdminContext,
  user: UserRecord,
  accessKeyId: string,
  status: "Active" | "Inactive",
): Promise<null> {
  checkHolder(context, user, accessKeyId);
  await context.ask("key.update", { ...of(context, user), accessKeyId, status });
  return null;
}

async function remove(context: AdminContext, user: UserRecord, accessKeyId: string): Promise<null> {
  checkHolder(context, user, accessKeyId);
  await context.ask("key.delete", { ...of(context, user), accessKeyId });
  return null;
}

export const ListMyKeys = declareAdmin({
  name: "ListMyKeys",
  method: "GET",
  path: "/me/keys",
  group,
  summary: "The caller's access keys, without their secrets.",
  admits: own,
  params: nothing,
  query: nothing,
  body: null,
  reply: keyList,
  status: 200,
  errors: [],
}).handledBy(async (_input, context) => list(context, context.self));

export const CreateMyKey = declareAdmin({
  name: "CreateMyKey",
  method: "POST",
  path: "/me/keys",
  group,
  summary: "Makes a key pair for the caller.",
  admits: own,
  params: nothing,
  query: nothing,
  body: nothing,
  reply: newKey,
  status: 201,
  errors: ["LimitExceeded"],
  hasSecret: true,
}).handledBy(async (_input, context) => create(context, context.self));

export const UpdateMyKey = declareAdmin({
  name: "UpdateMyKey",
  method: "PATCH",
  path: "/me/keys/{accessKeyId}",
  group,
  summary: "Enables or disables a key pair of the caller.",
  admits: own,
  params: ofKey,
  query: nothing,
  body: keyChange,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity"],
}).handledBy(async ({ params, body }, context) => update(context, context.self, params.accessKeyId, body.status));

export const DeleteMyKey = declareAdmin({
  name: "DeleteMyKey",
  method: "DELETE",
  path: "/me/keys/{accessKeyId}",
  group,
  summary: "Deletes a key pair of the caller.",
  admits: own,
  params: ofKey,
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity"],
}).handledBy(async ({ params }, context) => remove(context, context.self, params.accessKeyId));

export const ListUserKeys = declareAdmin({
  name: "ListUserKeys",
  method: "GET",
  path: "/users/{name}/keys",
  group,
  summary: "A user's access keys, without their secrets.",
  admits: byPolicy("iam:ListAccessKeys"),
  params: ofUser,
  query: nothing,
  body: null,
  reply: keyList,
  status: 200,
  errors: ["NoSuchEntity"],
})
  .on(userArn)
  .handledBy(async ({ params }, context) => list(context, userOf(context, params.name)));

export const CreateUserKey = declareAdmin({
  name: "CreateUserKey",
  method: "POST",
  path: "/users/{name}/keys",
  group,
  summary: "Makes a key pair for a user.",
  admits: notActing("iam:CreateAccessKey"),
  params: ofUser,
  query: nothing,
  body: nothing,
  reply: newKey,
  status: 201,
  errors: ["NoSuchEntity", "LimitExceeded"],
  hasSecret: true,
})
  .on(userArn)
  .handledBy(async ({ params }, context) => create(context, userOf(context, params.name)));

export const UpdateUserKey = declareAdmin({
  name: "UpdateUserKey",
  method: "PATCH",
  path: "/users/{name}/keys/{accessKeyId}",
  group,
  summary: "Enables or disables a key pair of a user.",
  admits: byPolicy("iam:UpdateAccessKey"),
  params: ofUserKey,
  query: nothing,
  body: keyChange,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity"],
})
  .on(userArn)
  .handledBy(async ({ params, body }, context) =>
    update(context, userOf(context, params.name), params.accessKeyId, body.status),
  );

export const DeleteUserKey = declareAdmin({
  name: "DeleteUserKey",
  method: "DELETE",
  path: "/users/{name}/keys/{accessKeyId}",
  group,
  summary: "Deletes a key pair of a user.",
  admits: byPolicy("iam:DeleteAccessKey"),
  params: ofUserKey,
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity"],
})
  .on(userArn)
  .handledBy(async ({ params }, context) => remove(context, userOf(context, params.name), params.accessKeyId));
