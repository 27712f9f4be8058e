/**
 * Login profiles: passwords are no matter of this API, so that no user has one here. Deleting and reading answer as AWS does for
 * users without, because clients ask before they delete a user.
 */

import { string, structure, timestamp } from "../model/shape.ts";
import { type ActionContext, declareQueryAction } from "./action.ts";
import { QueryError } from "./errors.ts";
import { newUserName, optional, required } from "./shapes.ts";
import { ownUserResource, userOrSelf } from "./targets.ts";

type OfUser = { readonly UserName?: string | undefined };

function none({ UserName }: OfUser, context: ActionContext): never {
  const { name } = userOrSelf(context, UserName);
  throw new QueryError("NoSuchEntity", `Login Profile for User ${name} cannot be found.`);
}

const LoginProfile = structure("LoginProfile", { UserName: required(string), CreateDate: required(timestamp) });

export const GetLoginProfile = declareQueryAction({
  name: "GetLoginProfile",
  service: "iam",
  action: "iam:GetLoginProfile",
  resource: ownUserResource,
  input: { UserName: optional(newUserName) },
  output: { LoginProfile: required(LoginProfile) },
  errors: ["NoSuchEntity"],
}).handledBy(none);

export const DeleteLoginProfile = declareQueryAction({
  name: "DeleteLoginProfile",
  service: "iam",
  action: "iam:DeleteLoginProfile",
  resource: ownUserResource,
  input: { UserName: optional(newUserName) },
  output: null,
  errors: ["NoSuchEntity"],
}).handledBy(none);
