/** Rows of "My account": password, second factor, sessions, API tokens. They are about the person alone: not while acting. */

import { z } from "zod";
import { qrCodeSvg } from "../account/qr-code.ts";
import { totpUri } from "../account/totp.ts";
import type { AdminContext } from "./context.ts";
import { declareAdmin, ownAffairs } from "./declaration.ts";
import { tell } from "./mails.ts";
import { AdminError } from "./problem.ts";
import { anyName, code, nothing, oneLine, password, time } from "./schemas.ts";
import { sessionForm, showSession, showToken, tokenForm } from "./show.ts";

const group = "My account";
const issuer = "Troupe";

/** The caller as messages name it. */
export const mine = ({ caller, self }: AdminContext) => ({
  by: caller.actor,
  accountId: self.accountId,
  userName: self.name,
});

export const ChangeMyPassword = declareAdmin({
  name: "ChangeMyPassword",
  method: "PUT",
  path: "/me/password",
  group,
  summary: "Changes the password and ends all other sessions.",
  admits: ownAffairs,
  params: nothing,
  query: nothing,
  body: z.strictObject({ oldPassword: password, newPassword: password }),
  reply: null,
  status: 204,
  errors: ["SignInFailed", "Throttled"],
}).handledBy(async ({ body }, context) => {
  await context.ask("password.change", {
    ...mine(context),
    oldPassword: body.oldPassword,
    newPassword: body.newPassword,
    exceptHash: context.session.hash,
  });
  tell(context, context.self, { kind: "passwordChanged" });
  return null;
});

export const BeginMyMfa = declareAdmin({
  name: "BeginMyMfa",
  method: "POST",
  path: "/me/mfa",
  group,
  summary: "Makes a TOTP secret, which is asked for once a code has confirmed it.",
  admits: ownAffairs,
  params: nothing,
  query: nothing,
  body: z.strictObject({ password }),
  reply: z.strictObject({
    secret: z.string().describe("Base32, to be typed in."),
    uri: z.string().describe("otpauth URI."),
    qrSvg: z.string().describe("The URI as a QR code, an SVG element."),
  }),
  status: 201,
  errors: ["SignInFailed", "Throttled", "EntityAlreadyExists"],
  hasSecret: true,
}).handledBy(async ({ body }, context) => {
  const { self } = context;
  const { secret } = await context.ask("mfa.begin", { ...mine(context), password: body.password });
  const uri = totpUri(secret, issuer, self.email ?? self.name);
  return { secret, uri, qrSvg: qrCodeSvg(uri) };
});

const recoveryCodes = z.strictObject({
  recoveryCodes: z.array(z.string()).describe("Each works once; they are not shown again."),
});

export const ConfirmMyMfa = declareAdmin({
  name: "ConfirmMyMfa",
  method: "POST",
  path: "/me/mfa/confirm",
  group,
  summary: "Puts the second factor into force, ends all other sessions, and shows the recovery codes, once.",
  admits: ownAffairs,
  params: nothing,
  query: nothing,
  body: z.strictObject({ code }),
  reply: recoveryCodes,
  status: 200,
  errors: ["SignInFailed", "Throttled", "NoSuchEntity", "EntityAlreadyExists"],
  hasSecret: true,
}).handledBy(async ({ body }, context) => {
  const { recoveryCodes: codes } = await context.ask("mfa.confirm", {
    ...mine(context),
    code: body.code,
    exceptHash: context.session.hash,
  });
  tell(context, context.self, { kind: "mfa", change: "enabled" });
  return { recoveryCodes: [...codes] };
});

export const DisableMyMfa = declareAdmin({
  name: "DisableMyMfa",
  method: "POST",
  path: "/me/mfa/disable",
  group,
  summary: "Ends the second factor; takes the password and a code.",
  admits: ownAffairs,
  params: nothing,
  query: nothing,
  body: z.strictObject({ password, code }),
  reply: null,
  status: 204,
  errors: ["SignInFailed", "Throttled", "NoSuchEntity"],
}).handledBy(async ({ body }, context) => {
  await context.ask("mfa.disable", { ...mine(context), password: body.password, code: body.code });
  tell(context, context.self, { kind: "mfa", change: "disabled" });
  return null;
});

export const NewMyRecoveryCodes = declareAdmin({
  name: "NewMyRecoveryCodes",
  method: "POST",
  path: "/me/mfa/recovery-codes",
  group,
  summary: "Makes new recovery codes, shown once; the old ones end.",
  admits: ownAffairs,
  params: nothing,
  query: nothing,
  body: z.strictObject({ code }),
  reply: recoveryCodes,
  status: 200,
  errors: ["SignInFailed", "Throttled", "NoSuchEntity"],
  hasSecret: true,
}).handledBy(async ({ body }, context) => {
  const { recoveryCodes: codes } = await context.ask("mfa.newRecoveryCodes", { ...mine(context), code: body.code });
  tell(context, context.self, { kind: "mfa", change: "newRecoveryCodes" });
  return { recoveryCodes: [...codes] };
});

export const ListMySessions = declareAdmin({
  name: "ListMySessions",
  method: "GET",
  path: "/me/sessions",
  group,
  summary: "The sessions of the caller.",
  admits: ownAffairs,
  params: nothing,
  query: nothing,
  body: null,
  reply: z.strictObject({ items: z.array(sessionForm) }),
  status: 200,
  errors: [],
}).handledBy(async (_input, { self, session, reader }) => ({
  items: reader.sessionsOf(self.accountId, self.name).map((one) => showSession(one, session.record)),
}));

export const RevokeMySession = declareAdmin({
  name: "RevokeMySession",
  method: "DELETE",
  path: "/me/sessions/{sessionId}",
  group,
  summary: "Ends one session of the caller.",
  admits: ownAffairs,
  params: z.strictObject({ sessionId: anyName }),
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity"],
}).handledBy(async ({ params }, context) => {
  await context.ask("session.revoke", { ...mine(context), sessionId: params.sessionId, exceptHash: null });
  return null;
});

export const RevokeMyOtherSessions = declareAdmin({
  name: "RevokeMyOtherSessions",
  method: "DELETE",
  path: "/me/sessions",
  group,
  summary: "Ends all sessions of the caller but this one.",
  admits: ownAffairs,
  params: nothing,
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: [],
}).handledBy(async (_input, context) => {
  await context.ask("session.revoke", { ...mine(context), sessionId: null, exceptHash: context.session.hash });
  return null;
});

export const ListMyTokens = declareAdmin({
  name: "ListMyTokens",
  method: "GET",
  path: "/me/tokens",
  group,
  summary: "The API tokens of the caller, without their secrets.",
  admits: ownAffairs,
  params: nothing,
  query: nothing,
  body: null,
  reply: z.strictObject({ items: z.array(tokenForm) }),
  status: 200,
  errors: [],
}).handledBy(async (_input, { self, reader }) => ({
  items: reader.tokensOf(self.accountId, self.name).map(showToken),
}));

export const CreateMyToken = declareAdmin({
  name: "CreateMyToken",
  method: "POST",
  path: "/me/tokens",
  group,
  summary: "Makes an API token for a program; it is shown once.",
  admits: ownAffairs,
  params: nothing,
  query: nothing,
  body: z.strictObject({
    name: oneLine(64),
    scope: z.enum(["usage", "customers", "all"]),
    expiresAt: time.nullable().default(null).describe("null = it does not expire."),
  }),
  reply: z.strictObject({ token: z.string().describe("For Authorization: Bearer."), record: tokenForm }),
  status: 201,
  errors: ["LimitExceeded", "EntityAlreadyExists"],
  hasSecret: true,
}).handledBy(async ({ body }, context) => {
  const expiresMs = body.expiresAt === null ? null : Date.parse(body.expiresAt);
  if (expiresMs !== null && expiresMs <= context.services.clock.nowMs()) {
    throw new AdminError("InvalidInput", "", { faults: [{ pointer: "/expiresAt", detail: "is in the past" }] });
  }
  const made = await context.ask("token.create", { ...mine(context), name: body.name, scope: body.scope, expiresMs });
  return { token: made.token, record: showToken(made.record) };
});

export const DeleteMyToken = declareAdmin({
  name: "DeleteMyToken",
  method: "DELETE",
  path: "/me/tokens/{tokenId}",
  group,
  summary: "Ends an API token of the caller.",
  admits: ownAffairs,
  params: z.strictObject({ tokenId: anyName }),
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: ["NoSuchEntity"],
}).handledBy(async ({ params }, context) => {
  await context.ask("token.delete", { ...mine(context), tokenId: params.tokenId });
  return null;
});
