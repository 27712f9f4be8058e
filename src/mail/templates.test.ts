import test from "ava";
import { consoleLink } from "./console-link.ts";
import type { MailMessage } from "./mail.ts";
import {
  inviteMail,
  mfaChangedMail,
  newSignInMail,
  passwordChangedMail,
  passwordResetMail,
  recoveryCodeUsedMail,
} from "./templates.ts";

const to = "ann@example.com";
const atMs = Date.UTC(2026, 0, 31, 12, 0, 59);
const link = consoleLink("https://console.example.com", "/security", "trp_reset_abc");

/** Every mail, with `name` wherever a text of somebody's stands. */
function everyMail(name: string): MailMessage[] {
  const notice = { to, accountName: name, atMs, address: name, link };
  return [
    inviteMail({ to, accountName: name, invitedBy: name, link, expiresMs: atMs }),
    passwordResetMail({ to, accountName: name, link, expiresMs: atMs }),
    passwordChangedMail(notice),
    mfaChangedMail({ ...notice, change: "enabled" }),
    mfaChangedMail({ ...notice, change: "disabled" }),
    mfaChangedMail({ ...notice, change: "newRecoveryCodes" }),
    recoveryCodeUsedMail({ ...notice, codesLeft: 9 }),
    newSignInMail({ ...notice, userAgent: name }),
  ];
}

test("each mail says who, when and where, in text and in HTML alike", (t) => {
  const mails = everyMail("Example Ltd");
  t.is(new Set(mails.map(({ subject }) => subject)).size, mails.length);
  for (const mail of mails) {
    t.is(mail.to, to);
    t.regex(mail.text, /Example Ltd/);
    t.regex(mail.text, /2026-01-31 12:00 UTC/);
    t.true(mail.text.includes(link));
    t.true(mail.html.includes(`<a href="${link}">${link}</a>`));
    const body = mail.html.slice(mail.html.indexOf("<body>"));
    const paragraphs = mail.text.trim().split("\n\n");
    t.is(body.match(/<p>/g)?.length, paragraphs.length);
    t.is(unescaped(body.replace(/<[^>]*>/g, "")).trim(), paragraphs.join("\n"));
  }
});

test("an invite reads as it should", (t) => {
  const mail = inviteMail({ to, accountName: "Example Ltd", invitedBy: "bob@example.com", link, expiresMs: atMs });
  t.is(mail.subject, "You are invited to Example Ltd");
  t.is(
    mail.text,
    `bob@example.com has made you a user of the account Example Ltd.\n\nChoose your password here:\n\n${link}\n\n` +
      "The link works once, until 2026-01-31 12:00 UTC. If you did not expect this, do nothing.\n",
  );
});

test("names are escaped, stay on their line, and add neither headers nor links", (t) => {
  const name = `<script>alert("1")</script>&'\r\nBcc: eve@example.com\u2028\u202e http://evil.example www.evil.example`;
  for (const mail of everyMail(name)) {
    t.false(/[\r\n\u2028]/.test(mail.subject));
    t.false(
      /<script|[\r\u2028\u202e]|"1"/.test(
        mail.html.slice(mail.html.indexOf("<body>")).replace(/<a href="[^"]*">/g, ""),
      ),
    );
    t.false(/^Bcc/m.test(mail.text));
    t.false(/https?:\/\/evil|www\.evil/.test(mail.text + mail.html));
    t.is(mail.html.match(/href=/g)?.length, 1);
  }
});

test("a long name is cut, between characters", (t) => {
  const mail = inviteMail({ to, accountName: "😀".repeat(500), invitedBy: "b", link, expiresMs: atMs });
  t.is(mail.subject, `You are invited to ${"😀".repeat(99)}…`);
});

test("without a configured URL a notice has no link", (t) => {
  const mail = newSignInMail({
    to,
    accountName: "Example Ltd",
    atMs,
    address: "192.0.2.1",
    link: null,
    userAgent: "curl/8",
  });
  t.regex(mail.text, /from 192\.0\.2\.1\.\n\nBrowser: curl\/8\n/);
  t.false(/https?:|href/.test(mail.text + mail.html));
});

test("one code that is left is one code", (t) => {
  const notice = { to, accountName: "a", atMs, address: "192.0.2.1", link: null };
  t.regex(recoveryCodeUsedMail({ ...notice, codesLeft: 1 }).text, /\(1 code is left\)/);
  t.regex(recoveryCodeUsedMail({ ...notice, codesLeft: 0 }).text, /\(0 codes are left\)/);
});

function unescaped(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
