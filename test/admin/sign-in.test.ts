/** Invitations, resets and second factors, at the level of the admin API; each test is named by the requirement's id. */

import { linkIn, outcome, requirement } from "./requirement.ts";
import type { SignedIn } from "./stand.ts";
import { enableMfa, totpCode } from "./totp-client.ts";
import { customer, emailOf, password } from "./world.ts";

requirement("R26: one reset mail a minute, and the same answer for everybody", async (t, stand) => {
  const email = emailOf(customer, "user");
  const request = async (to: string) => {
    const reply = await stand.send({ method: "POST", path: "/password-resets", body: { email: to } });
    return `${reply.status} ${reply.text} ${[...reply.headers.keys()].sort()}`;
  };
  const first = await request(email);
  t.regex(first, /^202 /);
  t.is(stand.mails.length, 1);
  stand.clock.advance(10_000);
  t.is(await request(email), first);
  t.is(await request("nobody@example.com"), first);
  t.is(stand.mails.length, 1, "sooner ones are ignored");
  stand.clock.advance(51_000);
  t.is(await request(email), first);
  t.is(stand.mails.length, 2);
  const old = linkIn(stand.mails[0]?.text).token;
  const { url, token } = linkIn(stand.mails[1]?.text);
  t.true(url.startsWith("http://console.test:9001/"), "the link is the configured console's");
  const confirm = (given: string) =>
    stand.send({
      method: "POST",
      path: "/password-resets/confirm",
      body: { token: given, password: "a brand new one" },
    });
  t.is(outcome(await confirm(old)), "400 InvalidToken", "the later mail ends the earlier link");
  t.is((await confirm(token)).status, 200);
  t.is(outcome(await confirm(token)), "400 InvalidToken", "single use");
  await t.notThrowsAsync(stand.signIn(email, "a brand new one"));
  stand.clock.advance(61_000);
  await request(email);
  const expired = linkIn(stand.mails[2]?.text).token;
  stand.clock.advance(24 * 60 * 60 * 1000);
  t.regex(outcome(await confirm(expired)), /^400 (Invalid|Expired)Token$/);
});

requirement("R26: a link never follows the Host header", async (t, stand) => {
  const headers = { host: "evil.example.com" };
  await stand.send({ method: "POST", path: "/password-resets", body: { email: emailOf(customer, "user") }, headers });
  t.is(stand.mails.length, 1);
  t.false(JSON.stringify(stand.mails).includes("evil.example.com"));
});

requirement("R41: a user is made by e-mail alone, and the mailed link sets the password", async (t, stand) => {
  const as = await stand.signIn(emailOf(customer, "admin"));
  const made = await stand.send({ method: "POST", path: "/users", as, body: { email: "ann@example.com" } });
  t.is(made.status, 201, made.text);
  t.deepEqual(made.json["invitation"], { sentTo: "ann@example.com", link: null });
  const user = made.json["user"] as Record<string, unknown>;
  t.is(user["name"], "ann@example.com");
  t.is(user["status"], "invited");
  t.false(made.text.includes("trp_invite_"), "the link goes by mail");
  t.is(stand.mails.at(-1)?.to, "ann@example.com");
  const { token } = linkIn(stand.mails.at(-1)?.text);
  const accept = () => stand.send({ method: "POST", path: "/invites/accept", body: { token, password } });
  t.is((await accept()).status, 200);
  t.is(outcome(await accept()), "400 InvalidToken", "single use");
  await t.notThrowsAsync(stand.signIn("ann@example.com"));
});

requirement(
  "R41: without a mail server the inviter is shown the link once, and the audit log says so",
  async (t, stand) => {
    const as = await stand.signIn(emailOf(customer, "admin"));
    const body = { email: "ann@example.com" };
    const headers = { "idempotency-key": "invite-1" };
    const made = await stand.send({ method: "POST", path: "/users", as, body, headers });
    const { link } = made.json["invitation"] as { link: string };
    const { url, token } = linkIn(link);
    t.true(url.startsWith("http://console.test:9001/"));
    t.true(stand.audit(customer).some(({ action }) => action === "invite.shown"));
    const again = await stand.send({ method: "POST", path: "/users", as, body, headers });
    t.is(outcome(again), "409 AlreadyDone", "not twice");
    for (const path of ["/users/ann@example.com", "/users", "/audit"]) {
      t.false((await stand.send({ method: "GET", path, as })).text.includes(token), path);
    }
    t.is((await stand.send({ method: "POST", path: "/invites/accept", body: { token, password } })).status, 200);
  },
  { isMailDelivered: false },
);

requirement(
  "R48: a second factor is confirmed by a code, then asked for; a wrong or replayed one is refused",
  async (t, stand) => {
    const email = emailOf(customer, "user");
    const as = await stand.signIn(email);
    const begun = await stand.send({ method: "POST", path: "/me/mfa", as, body: { password } });
    t.is(begun.status, 201, begun.text);
    const { secret = "", uri = "", qrSvg = "" } = begun.json as Record<string, string>;
    const parsed = new URL(uri);
    t.is(parsed.protocol, "otpauth:");
    t.is(parsed.searchParams.get("secret"), secret);
    t.deepEqual(
      ["algorithm", "digits", "period"].map((name) => parsed.searchParams.get(name)),
      ["SHA1", "6", "30"],
    );
    t.regex(qrSvg, /^<svg/);
    t.is(
      stand.signedIn(await stand.send({ method: "POST", path: "/session", body: { email, password } })).csrf.length > 0,
      true,
    );
    const now = () => totpCode(secret, stand.clock.nowMs());
    const wrong = now() === "000000" ? "000001" : "000000";
    t.is(
      outcome(await stand.send({ method: "POST", path: "/me/mfa/confirm", as, body: { code: wrong } })),
      "401 SignInFailed",
    );
    const confirmed = await stand.send({ method: "POST", path: "/me/mfa/confirm", as, body: { code: now() } });
    t.is(confirmed.status, 200, confirmed.text);
    t.regex(stand.mails.at(-1)?.subject ?? "", /two-factor/i);
    stand.clock.advance(30_000);
    const half = await stand.send({ method: "POST", path: "/session", body: { email, password } });
    t.is(half.json["stage"], "password");
    const pass = (session: SignedIn, code: string) =>
      stand.send({ method: "POST", path: "/session/mfa", as: session, body: { code } });
    t.is(outcome(await pass(stand.signedIn(half), wrong)), "401 SignInFailed");
    const code = now();
    const whole = await pass(stand.signedIn(half), code);
    t.is(whole.json["stage"], "complete");
    t.not(stand.signedIn(whole).cookie, stand.signedIn(half).cookie, "a new session token");
    const again = await stand.send({ method: "POST", path: "/session", body: { email, password } });
    t.is(outcome(await pass(stand.signedIn(again), code)), "401 SignInFailed", "replayed");
    const disable = { password, code };
    const session = stand.signedIn(whole);
    t.is(
      outcome(await stand.send({ method: "POST", path: "/me/mfa/disable", as: session, body: disable })),
      "401 SignInFailed",
    );
  },
);

requirement("R49: ten recovery codes, each works once, new ones void the old", async (t, stand) => {
  const email = emailOf(customer, "user");
  const { secret, recoveryCodes } = await enableMfa(stand, await stand.signIn(email));
  t.is(recoveryCodes.length, 10);
  for (const code of recoveryCodes) t.regex(code, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/);
  const enter = async (code: string) => {
    const half = await stand.send({ method: "POST", path: "/session", body: { email, password } });
    return stand.send({ method: "POST", path: "/session/mfa", as: stand.signedIn(half), body: { code } });
  };
  const [first = "", second = ""] = recoveryCodes;
  const used = await enter(first);
  t.is(used.status, 200, used.text);
  t.regex(stand.mails.at(-1)?.subject ?? "", /recovery code/i);
  t.is(outcome(await enter(first)), "401 SignInFailed", "used up");
  stand.clock.advance(6 * 60_000);
  const as = stand.signedIn(used);
  const body = { code: totpCode(secret, stand.clock.nowMs()) };
  const fresh = await stand.send({ method: "POST", path: "/me/mfa/recovery-codes", as, body });
  t.is(fresh.status, 200, fresh.text);
  t.is(outcome(await enter(second)), "401 SignInFailed", "void");
  const [other = ""] = fresh.json["recoveryCodes"] as string[];
  t.is((await enter(other)).status, 200);
  for (const path of ["/me", "/me/sessions"]) {
    t.false((await stand.send({ method: "GET", path, as })).text.includes(other), path);
  }
});
