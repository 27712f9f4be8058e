/** Who one is, and temporary credentials of one's own. https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html and its neighbours. */

import { limits } from "../base/limits.ts";
import { string, structure, timestamp } from "../model/shape.ts";
import { type ActionContext, declareQueryAction } from "./action.ts";
import { QueryError } from "./errors.ts";
import { callerIdentity, issueCredentials, lifeOf, verifySecondFactor } from "./session-credentials.ts";
import { accessKeyId, optional, required, serialNumber, tokenCode, whole } from "./shapes.ts";

export const Credentials = structure("Credentials", {
  AccessKeyId: required(string),
  SecretAccessKey: required(string),
  SessionToken: required(string),
  Expiration: required(timestamp),
});

export const GetCallerIdentity = declareQueryAction({
  name: "GetCallerIdentity",
  service: "sts",
  action: "sts:GetCallerIdentity",
  resource: "none",
  input: {},
  output: { UserId: optional(string), Account: optional(string), Arn: optional(string) },
  errors: [],
}).handledBy((_input, context) => {
  const { accountId, arn, userId } = callerIdentity(context);
  return { UserId: userId, Account: accountId, Arn: arn };
});

export const GetAccessKeyInfo = declareQueryAction({
  name: "GetAccessKeyInfo",
  service: "sts",
  action: "sts:GetAccessKeyInfo",
  resource: () => "*",
  input: { AccessKeyId: required(accessKeyId) },
  output: { Account: optional(string) },
  errors: [],
}).handledBy(({ AccessKeyId }, { directory, accountId, caller }) => {
  const isOwn = caller.principal.accessKeyId === AccessKeyId;
  // Of other accounts' keys nothing is told, not even that there are such keys.
  if (isOwn || directory.accessKey(AccessKeyId)?.accountId === accountId) return { Account: accountId };
  throw new QueryError("AccessDenied", `The access key ${AccessKeyId} is none of account ${accountId}.`);
});

function sessionSeconds(asked: number | undefined, { caller }: ActionContext): number {
  const isRoot = caller.principal.role === "root";
  const seconds = asked ?? (isRoot ? limits.rootSessionSecondsMax : limits.sessionSecondsDefault);
  return isRoot ? Math.min(seconds, limits.rootSessionSecondsMax) : seconds;
}

export const GetSessionToken = declareQueryAction({
  name: "GetSessionToken",
  service: "sts",
  action: "sts:GetSessionToken",
  resource: "none",
  input: {
    DurationSeconds: optional(whole(limits.sessionSecondsMin, limits.sessionSecondsMax)),
    SerialNumber: optional(serialNumber),
    TokenCode: optional(tokenCode),
  },
  output: { Credentials: optional(Credentials) },
  errors: [],
}).handledBy(async ({ DurationSeconds, SerialNumber, TokenCode }, context) => {
  const { accountId, caller, directory } = context;
  const { principal } = caller;
  if (principal.temporary !== null) {
    throw new QueryError("AccessDenied", "Cannot call GetSessionToken with session credentials");
  }
  const mfa = await verifySecondFactor({ SerialNumber, TokenCode }, context);
  const user = directory.user(accountId, principal.name);
  if (user === undefined) throw new QueryError("InvalidClientTokenId");
  const { credentials } = issueCredentials(context, {
    principal: { accountId, kind: "user", name: user.name, id: user.userId, sessionName: null, source: null },
    sessionPolicy: null,
    sessionPolicyArns: [],
    expiresMs: lifeOf(context, sessionSeconds(DurationSeconds, context)),
    sessionId: null,
    parentAccessKeyId: principal.accessKeyId,
    mfa,
  });
  return { Credentials: credentials };
});
