/** What holds for every request of the query protocol, and the rules of roles, sessions and administrators. */

import test from "ava";
import { Directory } from "../account/directory.ts";
import { limits } from "../base/limits.ts";
import { formOf, keys, openIam, operator, type Params, stranger, textOf, textsOf } from "./iam-stand.testing.ts";
import { queryVersions } from "./query-answer.ts";
import { allowing, arnOf, openWorld, trusting } from "./row-samples.testing.ts";

test("actions that are not served are refused by name, unknown ones and other versions at once", async (t) => {
  const { call, port, callerOf } = await openIam(t);
  const refused = await call("CreateLoginProfile", { UserName: "uma", Password: "x" });
  t.like(refused, { status: 400, errorCode: "InvalidAction" });
  t.is(
    textOf(refused, "Message"),
    "CreateLoginProfile is not served: passwords are set by their owners, by the admin API.",
  );
  t.is(textOf(await call("GetFederationToken", { Name: "x" }, {}, "sts"), "Code"), "InvalidAction");
  const unknown = await call("MakeCoffee");
  t.is(textOf(unknown, "Message"), "Could not find operation MakeCoffee for version 2010-05-08");
  t.is(textOf(unknown, "Type"), "Sender");
  const caller = callerOf(keys.root);
  const send = (form: string, service: "iam" | "sts" = "iam") => port({ requestId: "R", service, form, caller });
  t.is((await send("Action=ListUsers&Version=2010-05-09")).errorCode, "InvalidAction");
  t.is((await send("Action=ListUsers")).errorCode, "InvalidAction");
  t.is((await send("Version=2010-05-08")).errorCode, "MissingAction");
  t.is((await send("")).errorCode, "MissingAction");
  t.is((await send("Action=List%20Users&Version=2010-05-08")).errorCode, "InvalidAction");
  t.is((await send("Action=ListUsers&Version=2010-05-08", "sts")).errorCode, "InvalidAction");
  t.is((await send("Action=GetCallerIdentity&Version=2011-06-15")).errorCode, "InvalidAction");
  t.is((await send("Action=constructor&Version=2010-05-08")).errorCode, "InvalidAction");
});

test("a refusal quotes no markup", async (t) => {
  const { call } = await openIam(t);
  const answer = await call("GetUser", { UserName: "<b>&" });
  t.is(answer.errorCode, "ValidationError");
  t.true(answer.body.includes("&lt;b&gt;&amp;"));
  t.false(answer.body.includes("<b>"));
});

test("a policy allows what it names and no more; an explicit deny is told", async (t) => {
  const { call } = await openWorld(t);
  const grant = (document: string) =>
    call("PutUserPolicy", { UserName: "uma", PolicyName: "p", PolicyDocument: document });
  const as = { as: keys.user };
  const statement = (Effect: string, Action: string, Resource: string) => ({ Effect, Action, Resource });
  const documentOf = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
  await grant(documentOf(statement("Allow", "iam:Get*", arnOf("user", "ann"))));
  t.is((await call("GetUser", { UserName: "ann" }, as)).status, 200);
  t.is((await call("GetUser", { UserName: "bare" }, as)).errorCode, "AccessDenied");
  t.is(
    (await call("GetUser", { UserName: "nobody" }, as)).errorCode,
    "AccessDenied",
    "nothing is told on who there is",
  );
  await grant(documentOf(statement("Allow", "iam:*", "*"), statement("Deny", "iam:GetUser", arnOf("user", "ann"))));
  const denied = await call("GetUser", { UserName: "ann" }, as);
  t.is(
    textOf(denied, "Message"),
    `User: ${arnOf("user", "uma")} is not authorized to perform: iam:GetUser on resource: ${arnOf("user", "ann")} with an explicit deny in a policy`,
  );
  t.is((await call("GetUser", { UserName: "bare" }, as)).status, 200);
});

test("condition keys of requests: boundaries, policies that are attached, tags", async (t) => {
  const { call } = await openWorld(t);
  const reads = arnOf("policy", "reads");
  const unused = arnOf("policy", "unused");
  const allow = (Action: string, Condition: object) => ({ Effect: "Allow", Action, Resource: "*", Condition });
  const document = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      allow("iam:CreateUser", { StringEquals: { "iam:PermissionsBoundary": reads } }),
      allow("iam:AttachUserPolicy", { ArnEquals: { "iam:PolicyARN": reads } }),
      allow("iam:TagUser", { StringEquals: { "aws:RequestTag/team": "blue" } }),
      allow("iam:GetUser", { StringEquals: { "aws:ResourceTag/team": "red" } }),
    ],
  });
  await call("PutUserPolicy", { UserName: "uma", PolicyName: "p", PolicyDocument: document });
  const code = async (name: string, params: Params) => (await call(name, params, { as: keys.user })).errorCode;
  t.is(await code("CreateUser", { UserName: "x" }), "AccessDenied");
  t.is(await code("CreateUser", { UserName: "x", PermissionsBoundary: unused }), "AccessDenied");
  t.is(await code("CreateUser", { UserName: "x", PermissionsBoundary: reads }), null);
  t.is(await code("AttachUserPolicy", { UserName: "x", PolicyArn: unused }), "AccessDenied");
  t.is(await code("AttachUserPolicy", { UserName: "x", PolicyArn: reads }), null);
  const tag = (value: string) => ({ UserName: "x", "Tags.member.1.Key": "team", "Tags.member.1.Value": value });
  t.is(await code("TagUser", tag("red")), "AccessDenied");
  t.is(await code("TagUser", tag("blue")), null);
  t.is(await code("GetUser", { UserName: "ann" }), null);
  t.is(await code("GetUser", { UserName: "x" }), "AccessDenied");
});

test("a user who may rename users at one path cannot move one to another", async (t) => {
  const { call } = await openIam(t);
  await call("CreateUser", { UserName: "worker", Path: "/workers/" });
  const Resource = `arn:aws:iam::${operator}:user/workers/*`;
  const Statement = [{ Effect: "Allow", Action: "iam:UpdateUser", Resource }];
  const document = JSON.stringify({ Version: "2012-10-17", Statement });
  await call("PutUserPolicy", { UserName: "uma", PolicyName: "p", PolicyDocument: document });
  const update = (params: Params) => call("UpdateUser", { UserName: "worker", ...params }, { as: keys.user });
  t.is((await update({ NewPath: "/staff/" })).errorCode, "AccessDenied");
  t.is((await update({ NewPath: "/workers/old/" })).status, 200);
});

test("an admin changes users, but not Root; Root is no user", async (t) => {
  const { call } = await openIam(t);
  const as = { as: keys.admin };
  t.is((await call("CreateUser", { UserName: "ann" }, as)).status, 200);
  t.is((await call("DeleteUser", { UserName: "ann" }, as)).status, 200);
  for (const [name, params] of [
    ["DeleteUser", {}],
    ["UpdateUser", { NewUserName: "toor" }],
    ["PutUserPolicy", { PolicyName: "p", PolicyDocument: allowing("*") }],
    ["CreateAccessKey", {}],
    ["TagUser", { "Tags.member.1.Key": "a", "Tags.member.1.Value": "b" }],
  ] as const) {
    const answer = await call(name, { UserName: "root", ...params }, as);
    t.true([403, 404, 409].includes(answer.status), `${name}: ${answer.body}`);
  }
  t.is((await call("GetUser", { UserName: "root" })).errorCode, "NoSuchEntity");
  t.deepEqual(textsOf(await call("ListUsers"), "UserName"), ["ada", "uma"]);
  t.is((await call("CreateUser", { UserName: "root" })).status, 400);
  const self = await call("GetUser", {});
  t.is(textOf(self, "Arn"), `arn:aws:iam::${operator}:root`);
  t.is(textOf(self, "UserName"), null);
});

test("names of another form never reach a record", async (t) => {
  const { call } = await openIam(t);
  for (const UserName of ["a/b", "..", "a b", "a\u0000", "é", "a".repeat(65)]) {
    const answer = await call("CreateUser", { UserName });
    if (UserName === "..") t.is(answer.status, 200, "dots are letters of names");
    else t.is(answer.errorCode, "ValidationError", UserName);
  }
  for (const Path of ["", "a", "/a", "a/", "/é/", "/a b/"]) {
    t.is((await call("CreateUser", { UserName: "x", Path })).errorCode, "ValidationError", Path);
  }
});

test("a marker of another listing, or none of ours, is refused or harmless", async (t) => {
  const { call } = await openIam(t);
  for (const Marker of ["x", "!", "AAA=", "é"]) {
    t.is((await call("ListUsers", { Marker })).errorCode, "ValidationError", Marker);
  }
  const first = await call("ListUsers", { MaxItems: "1" });
  t.deepEqual(textsOf(first, "UserName"), ["ada"]);
  const second = await call("ListUsers", { MaxItems: "1", Marker: textOf(first, "Marker") ?? "" });
  t.deepEqual(textsOf(second, "UserName").length <= 1, true);
  t.is((await call("ListUsers", { MaxItems: "0" })).errorCode, "ValidationError");
  t.is((await call("ListUsers", { MaxItems: "1001" })).errorCode, "ValidationError");
});

const role = (name: string) => ({ RoleArn: arnOf("role", name), RoleSessionName: "job" });

test("who is not trusted does not assume a role, and cannot tell whether there is one", async (t) => {
  const { call } = await openWorld(t);
  const assume = (params: Params, as: string = keys.user) => call("AssumeRole", params, { as }, "sts");
  t.is((await assume(role("deploy"))).status, 200);
  t.is(
    (await assume(role("deploy"), keys.admin)).errorCode,
    "AccessDenied",
    "everything is allowed, but it is not trusted",
  );
  const there = await assume(role("deploy"), keys.admin);
  const absent = await assume(role("absent"), keys.admin);
  t.is(textOf(there, "Message")?.replaceAll("deploy", "absent"), textOf(absent, "Message") ?? "");
  t.is((await assume(role("deploy"), keys.root)).errorCode, "AccessDenied", "Root assumes no roles");
  t.is((await assume({ ...role("deploy"), RoleArn: arnOf("role", "path/deploy") })).errorCode, "AccessDenied");
  t.is((await assume({ ...role("deploy"), RoleArn: arnOf("user", "uma") })).errorCode, "AccessDenied");
  t.is((await assume(role("deploy"), keys.stranger)).errorCode, "AccessDenied");
});

test("trust in an account needs a policy of the user as well; so does a role of another account", async (t) => {
  const { call } = await openWorld(t);
  await call("UpdateAssumeRolePolicy", { RoleName: "deploy", PolicyDocument: trusting(operator) });
  const assume = (RoleArn: string, as: string = keys.user) =>
    call("AssumeRole", { RoleArn, RoleSessionName: "job" }, { as }, "sts");
  t.is((await assume(arnOf("role", "deploy"))).errorCode, "AccessDenied");
  const foreign = { RoleName: "foreign", AssumeRolePolicyDocument: trusting(operator) };
  t.is((await call("CreateRole", foreign, { as: keys.stranger })).status, 200);
  const foreignArn = `arn:aws:iam::${stranger}:role/foreign`;
  t.is((await assume(foreignArn)).errorCode, "AccessDenied");
  const grant = { UserName: "uma", PolicyName: "p", PolicyDocument: allowing("sts:AssumeRole") };
  t.is((await call("PutUserPolicy", grant)).status, 200);
  t.is((await assume(arnOf("role", "deploy"))).status, 200);
  const across = await assume(foreignArn);
  t.is(textOf(across, "Arn"), `arn:aws:sts::${stranger}:assumed-role/foreign/job`);
  t.is((await assume(foreignArn, keys.admin)).status, 200);
});

test("an external id and a source identity are judged by the trust policy", async (t) => {
  const { call } = await openWorld(t);
  const trust = (Action: string | string[]) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { AWS: arnOf("user", "uma") },
          Action,
          Condition: { StringEquals: { "sts:ExternalId": "e1" }, StringLike: { "sts:RoleSessionName": "j*" } },
        },
      ],
    });
  await call("UpdateAssumeRolePolicy", { RoleName: "deploy", PolicyDocument: trust("sts:AssumeRole") });
  const assume = (params: Params) => call("AssumeRole", { ...role("deploy"), ...params }, { as: keys.user }, "sts");
  t.is((await assume({})).errorCode, "AccessDenied");
  t.is((await assume({ ExternalId: "e2" })).errorCode, "AccessDenied");
  t.is((await assume({ ExternalId: "e1" })).status, 200);
  t.is((await assume({ ExternalId: "e1", RoleSessionName: "other" })).errorCode, "AccessDenied");
  t.is((await assume({ ExternalId: "e1", SourceIdentity: "somebody" })).errorCode, "AccessDenied");
  const both = trust(["sts:AssumeRole", "sts:SetSourceIdentity"]);
  await call("UpdateAssumeRolePolicy", { RoleName: "deploy", PolicyDocument: both });
  const named = await assume({ ExternalId: "e1", SourceIdentity: "somebody" });
  t.is(textOf(named, "SourceIdentity"), "somebody");
});

test("sessions are bounded in time, and chained ones in an hour", async (t) => {
  const { call, clock } = await openWorld(t);
  await call("UpdateRole", { RoleName: "deploy", MaxSessionDuration: "7200" });
  const assume = (params: Params, from: { as: string; token?: string | null } = { as: keys.user }) =>
    call("AssumeRole", { ...role("deploy"), ...params }, from, "sts");
  const code = async (seconds: number) => (await assume({ DurationSeconds: String(seconds) })).errorCode;
  t.is(await code(899), "ValidationError");
  t.is(await code(900), null);
  t.is(await code(7200), null);
  t.is(await code(7201), "ValidationError");
  t.is(await code(43_201), "ValidationError");
  const plain = await assume({});
  t.is(textOf(plain, "Expiration"), new Date(clock.nowMs() + 3_600_000).toISOString());
  await call("CreateRole", { RoleName: "second", AssumeRolePolicyDocument: trusting(arnOf("role", "deploy")) });
  const grant = { RoleName: "deploy", PolicyName: "chain", PolicyDocument: allowing("sts:AssumeRole") };
  await call("PutRolePolicy", grant);
  await call("DeleteRolePermissionsBoundary", { RoleName: "deploy" });
  const session = { as: textOf(plain, "AccessKeyId") ?? "", token: textOf(plain, "SessionToken") };
  const chained = await assume(role("second"), session);
  t.is(textOf(chained, "Arn"), `arn:aws:sts::${operator}:assumed-role/second/job`, chained.body);
  const long = await assume({ ...role("second"), DurationSeconds: "3601" }, session);
  t.is(long.errorCode, "ValidationError");
});

test("sessions die with the key at the beginning of their chain", async (t) => {
  const { call } = await openWorld(t);
  await call("UpdateAssumeRolePolicy", { RoleName: "deploy", PolicyDocument: trusting(arnOf("user", "ann")) });
  await call("CreateRole", { RoleName: "second", AssumeRolePolicyDocument: trusting(arnOf("role", "deploy")) });
  const grant = { RoleName: "deploy", PolicyName: "chain", PolicyDocument: allowing("sts:AssumeRole") };
  await call("PutRolePolicy", grant);
  await call("DeleteRolePermissionsBoundary", { RoleName: "deploy" });
  const key = textOf(await call("CreateAccessKey", { UserName: "ann" }), "AccessKeyId") ?? "";
  const sessionOf = (answer: { readonly body: string }) => ({
    as: textOf(answer, "AccessKeyId") ?? "",
    token: textOf(answer, "SessionToken"),
  });
  const own = sessionOf(await call("GetSessionToken", {}, { as: key }, "sts"));
  const first = sessionOf(await call("AssumeRole", role("deploy"), own, "sts"));
  const second = sessionOf(await call("AssumeRole", role("second"), first, "sts"));
  t.is((await call("GetCallerIdentity", {}, second, "sts")).status, 200);
  await call("DeleteAccessKey", { UserName: "ann", AccessKeyId: key });
  for (const session of [own, first, second]) {
    await t.throwsAsync(async () => call("GetCallerIdentity", {}, session, "sts"), { message: /^no principal/ });
  }
});

test("session policies are read when the session is asked for", async (t) => {
  const { call } = await openWorld(t);
  const assume = (params: Params) => call("AssumeRole", { ...role("deploy"), ...params }, { as: keys.user }, "sts");
  t.is((await assume({ Policy: allowing("s3:*") })).status, 200);
  t.is((await assume({ Policy: "{" })).errorCode, "MalformedPolicyDocument");
  t.is((await assume({ Policy: allowing("x".repeat(limits.sessionPolicyCharsMax)) })).errorCode, "ValidationError");
  const arn = (value: string) => ({ "PolicyArns.member.1.arn": value });
  t.is((await assume(arn(arnOf("policy", "reads")))).status, 200);
  t.is((await assume(arn("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"))).status, 200);
  t.is((await assume(arn(arnOf("policy", "absent")))).errorCode, "ValidationError");
  t.is((await assume(arn(`arn:aws:iam::${stranger}:policy/reads`))).errorCode, "ValidationError");
  t.is((await assume({ "Tags.member.1.Key": "a", "Tags.member.1.Value": "b" })).errorCode, "InvalidQueryParameter");
});

test("a second factor is one's own, and its code is taken once", async (t) => {
  const { call, codes, principalOf } = await openIam(t);
  const SerialNumber = `arn:aws:iam::${operator}:mfa/uma`;
  const ask = (params: Params) => call("GetSessionToken", params, { as: keys.user }, "sts");
  codes.add(`${operator}/uma/123456`);
  t.is((await ask({ SerialNumber, TokenCode: "000000" })).errorCode, "AccessDenied");
  t.is((await ask({ TokenCode: "123456" })).errorCode, "ValidationError");
  t.is((await ask({ SerialNumber })).errorCode, "ValidationError");
  const other = { SerialNumber: `arn:aws:iam::${operator}:mfa/ada`, TokenCode: "123456" };
  t.is((await ask(other)).errorCode, "AccessDenied");
  const given = await ask({ SerialNumber, TokenCode: "123456" });
  t.is(given.status, 200);
  const session = principalOf(textOf(given, "AccessKeyId") ?? "", textOf(given, "SessionToken"));
  t.true(session.temporary?.mfa);
  t.is((await ask({ SerialNumber, TokenCode: "123456" })).errorCode, "AccessDenied", "a replay");
});

test("credentials of GetSessionToken call IAM with a second factor only", async (t) => {
  const { call, codes } = await openIam(t);
  const sessionOf = async (params: Params) => {
    const given = await call("GetSessionToken", params, { as: keys.admin }, "sts");
    return { as: textOf(given, "AccessKeyId") ?? "", token: textOf(given, "SessionToken") };
  };
  t.is((await call("ListUsers", {}, await sessionOf({}))).errorCode, "InvalidClientTokenId");
  t.is((await call("GetCallerIdentity", {}, await sessionOf({}), "sts")).status, 200);
  codes.add(`${operator}/ada/654321`);
  const strong = await sessionOf({ SerialNumber: `arn:aws:iam::${operator}:mfa/ada`, TokenCode: "654321" });
  t.is((await call("ListUsers", {}, strong)).status, 200);
});

test("Root's session tokens end within the hour", async (t) => {
  const { call, clock } = await openIam(t);
  const given = await call("GetSessionToken", { DurationSeconds: "43200" }, {}, "sts");
  t.is(textOf(given, "Expiration"), new Date(clock.nowMs() + 3_600_000).toISOString());
});

test("a fault of our own is told without its reason", async (t) => {
  const { port, callerOf } = await openIam(t);
  const caller = {
    ...callerOf(keys.root),
    allows: () => {
      throw new Error("a secret reason");
    },
  };
  const form = formOf({ Action: "ListUsers", Version: queryVersions.iam });
  const answer = await port({ requestId: "R9", service: "iam", form, caller });
  t.like(answer, { status: 500, errorCode: "InternalFailure" });
  t.is(textOf(answer, "Type"), "Receiver");
  t.false(answer.body.includes("secret"));
});

test("what policies refuse stands in the audit log, once a minute for each identity and action", async (t) => {
  const { call, clock, reader } = await openWorld(t);
  const denied = async () => {
    // The rows are written beside the answers.
    await new Promise((resolve) => setImmediate(resolve));
    reader.refresh();
    const rows = new Directory(reader).audit(operator, { after: "", limit: 1000 }).items;
    return rows
      .filter(({ outcome }) => outcome === "denied")
      .map(({ action, by, target }) => `${by.name} ${action} ${target}`);
  };
  const as = { as: keys.user };
  t.deepEqual(await denied(), []);
  for (let tries = 0; tries < 3; tries++) {
    t.is((await call("DeleteUser", { UserName: "ann" }, as)).errorCode, "AccessDenied");
    t.is((await call("ListUsers", {}, as)).errorCode, "AccessDenied");
  }
  const once = [`uma DeleteUser ${arnOf("user", "ann")}`, `uma ListUsers arn:aws:iam::${operator}:user/*`];
  t.deepEqual(await denied(), once);
  clock.advance(limits.iamDenialNoteMs - 1);
  await call("ListUsers", {}, as);
  t.deepEqual(await denied(), once);
  clock.advance(1);
  await call("ListUsers", {}, as);
  t.deepEqual(await denied(), [...once, `uma ListUsers arn:aws:iam::${operator}:user/*`]);
  t.is((await call("DeleteUser", { UserName: "nobody" })).errorCode, "NoSuchEntity");
  t.is((await denied()).length, 3, "what is refused for another reason does not count");
});

test("a refusal of the control actor stands in the audit log once, not twice", async (t) => {
  const { call, reader } = await openWorld(t);
  const grant = { UserName: "uma", PolicyName: "p", PolicyDocument: allowing("iam:*") };
  t.is((await call("PutUserPolicy", grant)).status, 200);
  const own = { UserName: "uma", PolicyName: "more", PolicyDocument: allowing("s3:*") };
  t.is((await call("PutUserPolicy", own, { as: keys.user })).errorCode, "AccessDenied");
  await new Promise((resolve) => setImmediate(resolve));
  reader.refresh();
  const rows = new Directory(reader).audit(operator, { after: "", limit: 1000 }).items;
  t.deepEqual(
    rows.filter(({ outcome }) => outcome === "denied").map(({ action }) => action),
    ["inline.put"],
  );
});
