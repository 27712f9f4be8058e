/** Rows that links in mails lead to, and the request for such a link: without a session, and without telling who exists. */

import { z } from "zod";
import { limits } from "../base/limits.ts";
import { passwordResetMail } from "../mail/templates.ts";
import { type Admittance, declareAdmin } from "./declaration.ts";
import { linkOf } from "./links.ts";
import { accountId, email, linkToken, nothing, password } from "./schemas.ts";

const anybody: Admittance = { who: ["none"], role: "user", scope: "all", whileActing: true, action: null };
const group = "Sign-in";

export const RequestPasswordReset = declareAdmin({
  name: "RequestPasswordReset",
  method: "POST",
  path: "/password-resets",
  group,
  summary: "Asks for a mail with a link to set a new password; the answer is always the same.",
  admits: anybody,
  params: nothing,
  query: nothing,
  body: z.strictObject({ email, accountId: accountId.optional() }),
  reply: z.strictObject({ detail: z.string() }),
  status: 202,
  errors: [],
}).handledBy(async ({ body }, context) => {
  const { services, address, tenant } = context;
  const { sent } = await context.ask("password.requestReset", {
    email: body.email,
    accountId: tenant ?? body.accountId ?? null,
    address,
  });
  for (const { email: to, token, displayName } of sent) {
    const link = linkOf(services, "reset", token);
    const expiresMs = services.clock.nowMs() + limits.resetTokenMs;
    services.mail.post(passwordResetMail({ to, accountName: displayName, link, expiresMs }));
  }
  return { detail: "If the address is known, a mail with a link is on its way to it." };
});

const redeemed = z.strictObject({ accountId, userName: z.string() });
const redemption = z.strictObject({ token: linkToken, password });

export const ConfirmPasswordReset = declareAdmin({
  name: "ConfirmPasswordReset",
  method: "POST",
  path: "/password-resets/confirm",
  group,
  summary: "Sets a new password with the token of a reset link, and ends all sessions.",
  admits: anybody,
  params: nothing,
  query: nothing,
  body: redemption,
  reply: redeemed,
  status: 200,
  errors: ["InvalidToken", "ExpiredToken", "Throttled"],
}).handledBy(async ({ body }, context) => {
  const { address } = context;
  return context.ask("password.redeem", { token: body.token, newPassword: body.password, address });
});

export const AcceptInvite = declareAdmin({
  name: "AcceptInvite",
  method: "POST",
  path: "/invites/accept",
  group,
  summary: "Sets the first password with the token of an invite link.",
  admits: anybody,
  params: nothing,
  query: nothing,
  body: redemption,
  reply: redeemed,
  status: 200,
  errors: ["InvalidToken", "ExpiredToken", "Throttled"],
}).handledBy(async ({ body }, context) => {
  const { address } = context;
  return context.ask("password.redeem", { token: body.token, newPassword: body.password, address });
});
