/** The mails that the admin API sends: built from the templates, handed to the outbox, never waited for. */

import { consoleLink } from "../mail/console-link.ts";
import type { MailMessage } from "../mail/mail.ts";
import { mfaChangedMail, passwordChangedMail, recoveryCodeUsedMail, type SecurityNotice } from "../mail/templates.ts";
import type { AdminContext } from "./context.ts";

/** Where mails go. */
export interface AdminMail {
  /** False: no mail server is configured, so mails go to files and who invites is shown the link. */
  readonly isDelivered: boolean;
  /** Queues a mail; what becomes of it is the outbox's to log. */
  post(message: MailMessage): boolean;
}

/** What is told to a user of its own security. */
export type Notice =
  | { readonly kind: "passwordChanged" }
  | { readonly kind: "mfa"; readonly change: "enabled" | "disabled" | "newRecoveryCodes" }
  | { readonly kind: "recoveryCodeUsed"; readonly codesLeft: number };

interface Told {
  readonly accountId: string;
  readonly email: string | null;
}

/** Tells a user; one without an address hears nothing. */
export function tell(context: AdminContext, { accountId, email }: Told, notice: Notice): void {
  if (email === null) return;
  const { services, reader, address } = context;
  const facts: SecurityNotice = {
    to: email,
    accountName: reader.account(accountId)?.displayName ?? accountId,
    atMs: services.clock.nowMs(),
    address,
    link: consoleLink(services.consoleUrl, "/account", null),
  };
  services.mail.post(messageOf(facts, notice));
}

function messageOf(facts: SecurityNotice, notice: Notice): MailMessage {
  if (notice.kind === "passwordChanged") return passwordChangedMail(facts);
  if (notice.kind === "mfa") return mfaChangedMail({ ...facts, change: notice.change });
  return recoveryCodeUsedMail({ ...facts, codesLeft: notice.codesLeft });
}
