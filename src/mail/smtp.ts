/** Mail by SMTP, and messages as they stand in a file. Owns the one import of nodemailer. Source: RFC 5321, RFC 5322, RFC 3207. */

import { createTransport } from "nodemailer";
import { limits } from "../base/limits.ts";
import type { Config } from "../config/schema.ts";
import { isMailAddress, type Mail, MailError, type MailMessage } from "./mail.ts";

export type SmtpOptions = NonNullable<Config["mail"]>;

/**
 * Sends by one connection at a time, kept open between messages. The server's certificate is checked, and with
 * `security: "starttls"` a server that does not offer it is refused: a password or a reset link never goes in clear.
 */
export function smtpMail(options: SmtpOptions): Mail {
  const transport = createTransport({
    host: options.host,
    port: options.port,
    secure: options.security === "tls",
    requireTLS: options.security === "starttls",
    ignoreTLS: options.security === "none",
    ...(options.user === null ? {} : { auth: { user: options.user, pass: options.password ?? "" } }),
    pool: true,
    maxConnections: 1,
    connectionTimeout: limits.mailSendMs / 3,
    greetingTimeout: limits.mailSendMs / 3,
    dnsTimeout: limits.mailSendMs / 3,
    socketTimeout: limits.mailSendMs / 3,
    ...sealedContent,
  });
  return {
    send: async (message) => {
      const envelope = checked(message, options.from);
      try {
        await transport.sendMail(envelope);
      } catch (error) {
        throw mailError(error);
      }
    },
    close: () => transport.close(),
  };
}

/** The whole message with its headers, lines ended by CR LF, as a mail program opens it. Rejects with MailError. */
export async function composeMail(message: MailMessage, from: string): Promise<Buffer> {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: "windows", ...sealedContent });
  const { message: composed } = await transport.sendMail(checked(message, from));
  if (!Buffer.isBuffer(composed)) throw new MailError("the message was not composed", true);
  return composed;
}

/** No part of a message names a file or an address to be fetched. */
const sealedContent = { disableFileAccess: true, disableUrlAccess: true } as const;

/** @throws MailError for an address or a size that no server would take */
function checked({ to, subject, text, html }: MailMessage, from: string) {
  if (!isMailAddress(to)) throw new MailError("the recipient is not a mail address", true);
  if (Buffer.byteLength(text) + Buffer.byteLength(html) + Buffer.byteLength(subject) > limits.mailBytesMax) {
    throw new MailError(`the message is larger than ${limits.mailBytesMax} bytes`, true);
  }
  return {
    // As objects they are not parsed, so that nothing in them can name a second recipient.
    from: { name: "", address: from },
    to: { name: "", address: to },
    subject,
    text,
    html,
    // Out-of-office answers are for people. Source: RFC 3834.
    headers: { "Auto-Submitted": "auto-generated" },
  };
}

/** 5xx answers to a command of ours are final; all else may pass: a busy server, a lost connection, a wrong configuration. */
function mailError(error: unknown): MailError {
  const reason = error instanceof Error ? error.message : String(error);
  const status = error instanceof Error && "responseCode" in error ? Number(error.responseCode) : 0;
  const command = error instanceof Error && "code" in error ? String(error.code) : "";
  const isPermanent = status >= 500 && status < 600 && command !== "EAUTH";
  return new MailError(reason, isPermanent, { cause: error });
}
