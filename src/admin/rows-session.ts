/** Rows of signing in and out, and of acting as an account below. */

import { z } from "zod";
import { mayUseKeys } from "../account/principal.ts";
import { limits } from "../base/limits.ts";
import type { SessionReply } from "../control/identity-messages.ts";
import { rootUserName } from "../control/identity-records.ts";
import type { AdminContext } from "./context.ts";
import { clearCsrfCookie, clearSessionCookie, setCsrfCookie, setSessionCookie } from "./cookie.ts";
import { type Admittance, anyProof, declareAdmin } from "./declaration.ts";
import { tell } from "./mails.ts";
import { capabilitiesOf, menuOf } from "./menu.ts";
import { AdminError } from "./problem.ts";
import { accountId, atTime, atTimeOrNull, code, email, nothing, password, time } from "./schemas.ts";
import { accountForm, arnOf, showAccount } from "./show.ts";

const anybody: Admittance = { who: ["none"], role: "user", scope: "all", whileActing: true, action: null };
const group = "Sign-in";

const signedIn = z.strictObject({
  stage: z.enum(["password", "complete"]).describe("password: the second factor is due."),
  csrf: z.string().describe("For the header x-troupe-csrf of every request of this session that changes something."),
});

/** Hands the session out: the token in the cookie alone, never in the body. */
function begun(context: AdminContext, { token, csrf, stage }: SessionReply): z.input<typeof signedIn> {
  context.setHeader("set-cookie", setSessionCookie(token, context.isSecure));
  context.setHeader("set-cookie", setCsrfCookie(csrf, context.isSecure));
  return { stage, csrf };
}

/** https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html: one refusal for every reason. */
export const SignIn = declareAdmin({
  name: "SignIn",
  method: "POST",
  path: "/session",
  group,
  summary: "Signs in with e-mail address and password; the answer sets the session's cookie.",
  admits: anybody,
  params: nothing,
  query: nothing,
  body: z.strictObject({
    email,
    password,
    accountId: accountId.optional().describe("Which account, for an address that is known in several."),
  }),
  reply: signedIn,
  status: 200,
  errors: ["SignInFailed", "Throttled", "InsecureTransport"],
}).handledBy(async ({ body }, context) => {
  const { address, userAgent, tenant } = context;
  context.judgeTransport();
  const reply = await context.ask("session.begin", {
    email: body.email,
    password: body.password,
    accountId: tenant ?? body.accountId ?? null,
    address,
    userAgent,
  });
  return begun(context, reply);
});

export const SignInSecondFactor = declareAdmin({
  name: "SignInSecondFactor",
  method: "POST",
  path: "/session/mfa",
  group,
  summary: "The second step of signing in: a code of the authenticator app, or a recovery code.",
  admits: { who: ["half"], role: "user", scope: "all", whileActing: true, action: null },
  params: nothing,
  query: nothing,
  body: z.strictObject({ code }),
  reply: signedIn,
  status: 200,
  errors: ["SignInFailed", "Throttled"],
}).handledBy(async ({ body }, context) => {
  const { self, session, address } = context;
  const { accountId: own } = self;
  const reply = await context.ask("session.mfa", { sessionHash: session.hash, code: body.code, address });
  const { recovery } = reply;
  if (recovery !== null) {
    tell(context, { accountId: own, email: recovery.email }, { kind: "recoveryCodeUsed", codesLeft: recovery.left });
  }
  return begun(context, reply);
});

export const SignOut = declareAdmin({
  name: "SignOut",
  method: "DELETE",
  path: "/session",
  group,
  summary: "Ends the session.",
  admits: { who: ["session", "half"], role: "user", scope: "all", whileActing: true, action: null },
  params: nothing,
  query: nothing,
  body: null,
  reply: null,
  status: 204,
  errors: [],
}).handledBy(async (_input, context) => {
  await context.ask("session.end", { sessionHash: context.session.hash });
  context.setHeader("set-cookie", clearSessionCookie(context.isSecure));
  context.setHeader("set-cookie", clearCsrfCookie(context.isSecure));
  return null;
});

const identity = z.strictObject({
  accountId,
  userName: z.string(),
  email: z.string().nullable(),
  arn: z.string(),
});

export const GetMe = declareAdmin({
  name: "GetMe",
  method: "GET",
  path: "/me",
  group: "My account",
  summary: "Who calls, in which account and role, and what the console's menu shows.",
  admits: { who: anyProof, role: "user", scope: "usage", whileActing: true, action: null },
  params: nothing,
  query: nothing,
  body: null,
  reply: z.strictObject({
    identity: identity.nullable().describe("null on the node's own socket."),
    role: z.enum(["root", "admin", "user"]).describe("In `account`; of an acting session, root."),
    account: accountForm,
    isActing: z.boolean().describe("True: the account is one below the identity's own."),
    hasMfa: z.boolean(),
    recoveryCodesLeft: z.int().nullable().describe("null without a second factor."),
    passwordChangedAt: time.nullable(),
    keys: z
      .strictObject({ active: z.int(), total: z.int(), most: z.int() })
      .describe("Key pairs of the identity's own."),
    menu: z.array(z.enum(["buckets", "users", "policies", "customers", "stats", "audit", "apiGuide", "support"])),
    may: z
      .strictObject({
        createKeys: z.boolean(),
        chooseSites: z.boolean(),
        share: z.boolean(),
        createBuckets: z.boolean(),
        createUsers: z.boolean(),
        createPolicies: z.boolean(),
        createAccounts: z.boolean(),
        actAs: z.boolean().describe("As the Root of an account below."),
        setAccountAddresses: z.boolean(),
        editAccount: z.boolean().describe("Its name and contact."),
        readAudit: z.boolean(),
        diagnose: z.boolean(),
        changeCredentials: z.boolean().describe("The own password, second factor and sessions: not while acting."),
      })
      .describe("What to offer; the rows themselves decide."),
    shareHint: z.string().nullable().describe("Why no link can be shared; null = it can."),
  }),
  status: 200,
  errors: [],
}).handledBy(async (_input, context) => {
  const { caller, reader } = context;
  const { user, account, role, isActing } = caller;
  const keys = user === null || isActing ? [] : reader.keysOf(user.accountId, user.name);
  const active = keys.filter(({ key }) => key.status === "Active").length;
  const hasKey = active > 0;
  const createKeys = account.kind !== "reseller" && user !== null && !isActing;
  return {
    identity:
      user === null
        ? null
        : { accountId: user.accountId, userName: user.name, email: user.email, arn: arnOf("user", user) },
    role,
    account: showAccount(account),
    isActing,
    hasMfa: user?.mfa?.confirmed ?? false,
    recoveryCodesLeft: user?.mfa?.confirmed === true ? user.mfa.recoveryHashes.length : null,
    passwordChangedAt: atTimeOrNull(user?.passwordChangedMs ?? null),
    keys: { active, total: keys.length, most: limits.accessKeysPerUserMax },
    menu: menuOf(context),
    may: {
      createKeys,
      chooseSites: reader.mayChooseSites(account.accountId),
      share: hasKey && createKeys,
      ...capabilitiesOf(context),
    },
    shareHint: shareHint(createKeys, hasKey),
  };
});

/** A link is signed with a key pair of the person who shares: without one there is none. */
function shareHint(createKeys: boolean, hasKey: boolean): string | null {
  if (!createKeys) return "Links need a key pair, and none can be made here.";
  return hasKey ? null : "Links are signed with a key pair of yours: generate one first.";
}

const overBelow: Admittance = {
  who: ["session"],
  role: "root",
  kinds: ["operator", "reseller", "customer"],
  scope: "all",
  whileActing: true,
  action: null,
};

export const BeginActing = declareAdmin({
  name: "BeginActing",
  method: "PUT",
  path: "/session/acting",
  group,
  summary: "Takes on the role of the Root of an account below; the session gets a new cookie.",
  admits: { ...overBelow, kinds: ["operator", "reseller"] },
  params: nothing,
  query: nothing,
  body: z.strictObject({ accountId }),
  reply: signedIn,
  status: 200,
  errors: ["NoSuchEntity"],
}).handledBy(async ({ body }, context) => {
  const { caller, session } = context;
  const reply = await context.ask("session.actAs", {
    by: caller.actor,
    sessionHash: session.hash,
    accountId: body.accountId,
  });
  return begun(context, reply);
});

export const EndActing = declareAdmin({
  name: "EndActing",
  method: "DELETE",
  path: "/session/acting",
  group,
  summary: "Goes back to the own account; the session gets a new cookie.",
  admits: overBelow,
  params: nothing,
  query: nothing,
  body: null,
  reply: signedIn,
  status: 200,
  errors: [],
}).handledBy(async (_input, context) => {
  const { caller, session } = context;
  const reply = await context.ask("session.actAs", { by: caller.actor, sessionHash: session.hash, accountId: null });
  return begun(context, reply);
});

export const CreateConsoleCredentials = declareAdmin({
  name: "CreateConsoleCredentials",
  method: "POST",
  path: "/session/s3-credentials",
  group,
  summary: "S3 credentials for the console's own transfers: 15 minutes, and not longer than the session.",
  admits: { who: ["session"], role: "user", scope: "all", whileActing: true, action: null },
  params: nothing,
  query: nothing,
  body: nothing,
  reply: z.strictObject({
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    sessionToken: z.string(),
    expiresAt: time,
  }),
  status: 201,
  errors: [],
  hasSecret: true,
}).handledBy(async (_input, context) => {
  const { caller, self, session, reader, services } = context;
  const { account, isActing } = caller;
  if (!mayUseKeys(account)) throw new AdminError("AccessDenied", "Reseller accounts have no access to S3.");
  const owner = isActing ? reader.user(account.accountId, rootUserName) : self;
  if (owner === undefined) throw new AdminError("NoSuchEntity");
  const source = { accountId: self.accountId, kind: "user", name: self.name } as const;
  const expiresMs = services.clock.nowMs() + limits.consoleCredentialsMs;
  const { accessKeyId, secretAccessKey, sessionToken } = services.temporary.issue({
    principal: {
      accountId: owner.accountId,
      kind: "user",
      name: owner.name,
      id: owner.userId,
      sessionName: null,
      source: isActing ? source : null,
    },
    sessionPolicy: null,
    sessionPolicyArns: [],
    expiresMs,
    // Acting, ceasing to act and signing out end or rename the session, and these with it.
    sessionId: session.hash,
    parentAccessKeyId: null,
    mfa: self.mfa?.confirmed ?? false,
  });
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt: atTime(expiresMs) };
});
