/** Links for mails: made from where the console is configured to be, never from what a request says. */

import { z } from "zod";
import { limits } from "../base/limits.ts";
import { type ConsoleLink, consoleLink } from "../mail/console-link.ts";
import { inviteMail } from "../mail/templates.ts";
import type { AdminContext, AdminServices } from "./context.ts";

const pages = { invite: "/invite", reset: "/reset" } as const;

export function linkOf(
  { consoleUrl }: Pick<AdminServices, "consoleUrl">,
  page: keyof typeof pages,
  token: string,
): ConsoleLink {
  return consoleLink(consoleUrl, pages[page], token);
}

/** What became of an invitation. */
export const invitationForm = z.strictObject({
  sentTo: z.string(),
  link: z
    .string()
    .nullable()
    .describe("The link itself, shown once, when no mail server is configured; null when it was mailed."),
});

/**
 * Sends an invite link. Where no mail is delivered, who invites is shown the link, and the audit log says so; somebody who acts
 * as another account never is: the link sets a password there.
 */
export async function invite(
  context: AdminContext,
  to: { readonly email: string; readonly accountId: string; readonly userName: string },
  token: string,
): Promise<z.input<typeof invitationForm>> {
  const { services, caller, reader } = context;
  const link = linkOf(services, "invite", token);
  services.mail.post(
    inviteMail({
      to: to.email,
      accountName: reader.account(to.accountId)?.displayName ?? to.accountId,
      invitedBy: caller.user?.email ?? caller.account.displayName,
      link,
      expiresMs: services.clock.nowMs() + limits.inviteMs,
    }),
  );
  if (services.mail.isDelivered || caller.isActing) return { sentTo: to.email, link: null };
  await context.ask("audit.write", {
    by: caller.actor,
    action: "invite.shown",
    outcome: "done",
    accountId: to.accountId,
    target: `user/${to.userName}`,
    detail: {},
  });
  context.showsSecret();
  return { sentTo: to.email, link };
}
