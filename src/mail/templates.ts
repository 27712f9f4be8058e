/**
 * The mails of the product, as plain functions: what is told in, subject, text and HTML out. Names come from users, perhaps
 * from strangers: they are shortened, without line ends, escaped in HTML and kept from looking like links. No images, no tracking.
 */

import type { ConsoleLink } from "./console-link.ts";
import type { MailMessage } from "./mail.ts";

/** "You are invited", with the link that sets the first password. */
export function inviteMail(facts: {
  readonly to: string;
  readonly accountName: string;
  /** Name or address of who invites. */
  readonly invitedBy: string;
  readonly link: ConsoleLink;
  readonly expiresMs: number;
}): MailMessage {
  return mail(facts.to, `You are invited to ${oneLine(facts.accountName)}`, [
    `${oneLine(facts.invitedBy)} has made you a user of the account ${oneLine(facts.accountName)}.`,
    "Choose your password here:",
    { link: facts.link },
    `The link works once, until ${timeText(facts.expiresMs)}. If you did not expect this, do nothing.`,
  ]);
}

/** "Choose a new password", with the link that does it. */
export function passwordResetMail(facts: {
  readonly to: string;
  readonly accountName: string;
  readonly link: ConsoleLink;
  readonly expiresMs: number;
}): MailMessage {
  return mail(facts.to, "Choose a new password", [
    `Somebody, probably you, has asked for a new password for ${facts.to} in the account ${oneLine(facts.accountName)}.`,
    "Choose it here:",
    { link: facts.link },
    `The link works once, until ${timeText(facts.expiresMs)}. If it was not you, do nothing: your password stays as it is.`,
  ]);
}

/** What a notice about a user's own security is about. */
export interface SecurityNotice {
  readonly to: string;
  readonly accountName: string;
  readonly atMs: number;
  /** IP address of the request. */
  readonly address: string;
  /** Where sessions and the second factor are seen to; null without a configured URL. */
  readonly link: ConsoleLink | null;
}

/** The password was changed or set. */
export function passwordChangedMail(notice: SecurityNotice): MailMessage {
  return noticeMail(notice, "Your password was changed", "The password was changed");
}

/** The second factor was turned on or off, or its recovery codes were made anew. */
export function mfaChangedMail(
  notice: SecurityNotice & { readonly change: "enabled" | "disabled" | "newRecoveryCodes" },
): MailMessage {
  const [subject, event] = mfaChanges[notice.change];
  return noticeMail(notice, subject, event);
}

const mfaChanges = {
  enabled: ["Two-factor sign-in is on", "Two-factor sign-in was turned on"],
  disabled: ["Two-factor sign-in is off", "Two-factor sign-in was turned off"],
  newRecoveryCodes: ["You have new recovery codes", "New recovery codes were made, and the old ones no longer work"],
} as const;

/** A recovery code took the place of the second factor. */
export function recoveryCodeUsedMail(notice: SecurityNotice & { readonly codesLeft: number }): MailMessage {
  const left = notice.codesLeft === 1 ? "1 code is left" : `${notice.codesLeft} codes are left`;
  return noticeMail(notice, "A recovery code was used", `A recovery code was used to sign in (${left})`);
}

/** A sign-in from an address or browser that was not seen before. */
export function newSignInMail(notice: SecurityNotice & { readonly userAgent: string }): MailMessage {
  return noticeMail(notice, "New sign-in", "There was a sign-in", `Browser: ${oneLine(notice.userAgent)}`);
}

function noticeMail(notice: SecurityNotice, subject: string, event: string, ...more: readonly string[]): MailMessage {
  const { to, accountName, atMs, address, link } = notice;
  return mail(to, subject, [
    `${event} for ${to} in the account ${oneLine(accountName)}, on ${timeText(atMs)}, from ${oneLine(address)}.`,
    ...more,
    "If it was you, there is nothing to do. If not, change your password and end your sessions at once.",
    ...(link === null ? [] : [{ link }]),
  ]);
}

type Paragraph = string | { readonly link: ConsoleLink };

function mail(to: string, subject: string, paragraphs: readonly Paragraph[]): MailMessage {
  const text = paragraphs.map((paragraph) => (typeof paragraph === "string" ? paragraph : paragraph.link));
  const html = paragraphs.map((paragraph) =>
    typeof paragraph === "string"
      ? `<p>${escaped(paragraph)}</p>`
      : `<p><a href="${escaped(paragraph.link)}">${escaped(paragraph.link)}</a></p>`,
  );
  return {
    to,
    subject,
    text: `${text.join("\n\n")}\n`,
    html: `<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>${escaped(subject)}</title></head>\n<body>\n${html.join("\n")}\n</body>\n</html>\n`,
  };
}

const nameCharsMax = 100;

/**
 * A text of somebody else's inside a sentence of ours: one line, at most 100 characters, and no `://` or `www.`, which mail
 * programs would make a link of.
 */
function oneLine(text: string): string {
  const line = text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ")
    .replace(/:\/\//g, ": //")
    .replace(/\bwww\./gi, "www ")
    .trim();
  const characters = [...line];
  return characters.length <= nameCharsMax ? line : `${characters.slice(0, nameCharsMax - 1).join("")}…`;
}

/** 2026-01-31 12:00 UTC */
function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
