/** AWS's own clients against the port: their signatures, their forms, and what they read of the answers. */

import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteUserCommand,
  GetAccountAuthorizationDetailsCommand,
  GetAccountSummaryCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetUserCommand,
  IAMClient,
  ListUsersCommand,
  paginateListUsers,
  SimulatePrincipalPolicyCommand,
  UpdateAccessKeyCommand,
} from "@aws-sdk/client-iam";
import { AssumeRoleCommand, GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from "@aws-sdk/client-sts";
import test, { type ExecutionContext } from "ava";
import { type IamStand, keys, openIam, operator } from "./iam-stand.testing.ts";
import { allowing, arnOf, trusting } from "./row-samples.testing.ts";
import { httpRequest } from "./signed-requests.testing.ts";

interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const credentialsOf = (accessKeyId: string): Credentials => ({
  accessKeyId,
  secretAccessKey: `secret-of-${accessKeyId}`,
});

/** What an SDK's client needs to talk to the stand instead of a socket. */
function overStand(stand: IamStand, credentials: Credentials) {
  return {
    region: "eu-west-3",
    endpoint: "http://localhost",
    credentials,
    maxAttempts: 1,
    // The stand's clock stands near the epoch, and the SDK signs with the time of its own.
    systemClockOffset: stand.clock.nowMs() - Date.parse(new Date().toISOString()),
    requestHandler: {
      handle: async (request: SdkRequest) => {
        const body = typeof request.body === "string" ? request.body : "";
        const made = httpRequest({
          method: request.method,
          rawPath: request.path,
          form: body,
          headers: request.headers,
        });
        const answer = await stand.serve(made, Buffer.from(body));
        const headers = Object.fromEntries(answer.headers);
        return { response: { statusCode: answer.status, headers, body: Buffer.from(answer.body) } };
      },
    },
  } as const;
}

const iamOf = (stand: IamStand, credentials: Credentials) => new IAMClient(overStand(stand, credentials) as never);
const stsOf = (stand: IamStand, credentials: Credentials) => new STSClient(overStand(stand, credentials) as never);

async function open(t: ExecutionContext) {
  const stand = await openIam(t);
  return { stand, iam: iamOf(stand, credentialsOf(keys.root)), sts: stsOf(stand, credentialsOf(keys.root)) };
}

test("a user from its making to its end", async (t) => {
  const { iam } = await open(t);
  const { User } = await iam.send(
    new CreateUserCommand({ UserName: "ann", Path: "/staff/", Tags: [{ Key: "team", Value: "größe = rot @1" }] }),
  );
  t.is(User?.Arn, `arn:aws:iam::${operator}:user/staff/ann`);
  t.regex(User?.UserId ?? "", /^TRPU[A-Z0-9]{16}$/);
  t.deepEqual(User?.CreateDate, new Date(1_000_000));
  const found = await iam.send(new GetUserCommand({ UserName: "ann" }));
  t.deepEqual(found.User, User);
  t.deepEqual(found.User?.Tags, [{ Key: "team", Value: "größe = rot @1" }]);
  const refused = await t.throwsAsync(iam.send(new CreateUserCommand({ UserName: "ann" })));
  t.is(refused?.name, "EntityAlreadyExistsException");
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "ann" }));
  t.regex(AccessKey?.SecretAccessKey ?? "", /^[A-Za-z0-9+/]{40}$/);
  const held = await t.throwsAsync(iam.send(new DeleteUserCommand({ UserName: "ann" })));
  t.is(held?.name, "DeleteConflictException");
  const gone = await t.throwsAsync(iam.send(new GetUserCommand({ UserName: "nobody" })));
  t.is(gone?.name, "NoSuchEntityException");
  t.is(gone?.message, "The user with name nobody cannot be found.");
});

test("a policy is read back as it was written", async (t) => {
  const { iam } = await open(t);
  const document = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Sid: "A1", Effect: "Allow", Action: ["s3:Get*"], Resource: "arn:aws:s3:::b/*'()!" }],
  });
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: "p", PolicyDocument: document }));
  const { PolicyVersion } = await iam.send(
    new GetPolicyVersionCommand({ PolicyArn: Policy?.Arn, VersionId: Policy?.DefaultVersionId }),
  );
  t.is(decodeURIComponent(PolicyVersion?.Document ?? ""), document);
  t.true(PolicyVersion?.IsDefaultVersion);
  const malformed = { PolicyName: "q", PolicyDocument: '{"Version":"2012-10-17"}' };
  const refused = await t.throwsAsync(iam.send(new CreatePolicyCommand(malformed)));
  t.is(refused?.name, "MalformedPolicyDocumentException");
});

test("pages hold every user once", async (t) => {
  const { iam, stand } = await open(t);
  const names = Array.from({ length: 7 }, (_, index) => `user${index}`);
  for (const UserName of names) t.is((await stand.call("CreateUser", { UserName })).status, 200);
  const seen: string[] = [];
  for await (const page of paginateListUsers({ client: iam, pageSize: 3 }, {})) {
    for (const { UserName } of page.Users ?? []) seen.push(UserName ?? "");
  }
  t.deepEqual(seen, ["ada", "uma", ...names].sort());
  const { IsTruncated, Marker } = await iam.send(new ListUsersCommand({ MaxItems: 1 }));
  t.true(IsTruncated);
  t.is(typeof Marker, "string");
});

test("numbers and nested lists of large answers", async (t) => {
  const { iam } = await open(t);
  const { SummaryMap } = await iam.send(new GetAccountSummaryCommand({}));
  t.like(SummaryMap, { Users: 2, Groups: 0, AccountAccessKeysPresent: 1, VersionsPerPolicyQuota: 5 });
  const text = 'a <b> & "c" é\n';
  await iam.send(new CreateRoleCommand({ RoleName: "r", AssumeRolePolicyDocument: trusting("*"), Description: text }));
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: "r" }));
  t.is(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ""), trusting("*"));
  t.is(Role?.Description, text);
  t.is(Role?.MaxSessionDuration, 3600);
  const details = await iam.send(new GetAccountAuthorizationDetailsCommand({ Filter: ["User", "Role"] }));
  t.deepEqual(
    details.UserDetailList?.map(({ UserName }) => UserName),
    ["ada", "uma"],
  );
  t.deepEqual(
    details.RoleDetailList?.map(({ RoleName }) => RoleName),
    ["r"],
  );
});

test("who one is, by key and by session", async (t) => {
  const { stand, sts } = await open(t);
  t.like(await sts.send(new GetCallerIdentityCommand({})), {
    Account: operator,
    UserId: operator,
    Arn: `arn:aws:iam::${operator}:root`,
  });
  const user = stsOf(stand, credentialsOf(keys.user));
  t.is((await user.send(new GetCallerIdentityCommand({}))).Arn, arnOf("user", "uma"));
  const { Credentials } = await user.send(new GetSessionTokenCommand({ DurationSeconds: 900 }));
  t.deepEqual(Credentials?.Expiration, new Date(stand.clock.nowMs() + 900_000));
  const session = stsOf(stand, sessionOf(Credentials));
  t.is((await session.send(new GetCallerIdentityCommand({}))).Arn, arnOf("user", "uma"));
  const again = await t.throwsAsync(session.send(new GetSessionTokenCommand({})));
  t.is(again?.name, "AccessDenied");
  stand.clock.advance(901_000);
  const expired = stsOf(stand, sessionOf(Credentials));
  t.is((await t.throwsAsync(expired.send(new GetCallerIdentityCommand({}))))?.name, "ExpiredToken");
});

function sessionOf(
  issued:
    | { AccessKeyId: string | undefined; SecretAccessKey: string | undefined; SessionToken: string | undefined }
    | undefined,
): Credentials {
  return {
    accessKeyId: issued?.AccessKeyId ?? "",
    secretAccessKey: issued?.SecretAccessKey ?? "",
    sessionToken: issued?.SessionToken ?? "",
  };
}

test("a role's session does what the role may, and no more", async (t) => {
  const { stand, iam } = await open(t);
  const trust = trusting(arnOf("user", "uma"));
  await iam.send(new CreateRoleCommand({ RoleName: "lister", AssumeRolePolicyDocument: trust }));
  const permissions = { RoleName: "lister", PolicyName: "p", PolicyDocument: allowing("iam:List*") };
  t.is((await stand.call("PutRolePolicy", permissions)).status, 200);
  const user = stsOf(stand, credentialsOf(keys.user));
  const { Credentials, AssumedRoleUser } = await user.send(
    new AssumeRoleCommand({ RoleArn: arnOf("role", "lister"), RoleSessionName: "job-1" }),
  );
  t.is(AssumedRoleUser?.Arn, `arn:aws:sts::${operator}:assumed-role/lister/job-1`);
  const session = iamOf(stand, sessionOf(Credentials));
  t.is((await session.send(new ListUsersCommand({}))).Users?.length, 2);
  t.is((await t.throwsAsync(session.send(new GetUserCommand({ UserName: "uma" }))))?.name, "AccessDenied");
});

test("a key that is revoked is refused on the next request", async (t) => {
  const { stand, iam } = await open(t);
  await iam.send(new CreateUserCommand({ UserName: "ann" }));
  await iam.send(
    new AttachUserPolicyCommand({ UserName: "ann", PolicyArn: "arn:aws:iam::aws:policy/IAMReadOnlyAccess" }),
  );
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "ann" }));
  const key = { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
  const ann = iamOf(stand, key);
  t.is((await ann.send(new ListUsersCommand({}))).Users?.length, 3);
  t.is((await t.throwsAsync(ann.send(new CreateUserCommand({ UserName: "x" }))))?.name, "AccessDenied");
  const { Credentials } = await stsOf(stand, key).send(new GetSessionTokenCommand({}));
  const off = { UserName: "ann", AccessKeyId: key.accessKeyId, Status: "Inactive" } as const;
  await iam.send(new UpdateAccessKeyCommand(off));
  t.is((await t.throwsAsync(ann.send(new ListUsersCommand({}))))?.name, "InvalidClientTokenId");
  const session = stsOf(stand, sessionOf(Credentials));
  t.is((await t.throwsAsync(session.send(new GetCallerIdentityCommand({}))))?.name, "InvalidClientTokenId");
});

test("a wrong secret, and a request that was changed on its way", async (t) => {
  const { stand } = await open(t);
  const wrong = iamOf(stand, { accessKeyId: keys.root, secretAccessKey: "wrong" });
  t.is((await t.throwsAsync(wrong.send(new ListUsersCommand({}))))?.name, "SignatureDoesNotMatch");
  const unknown = iamOf(stand, { accessKeyId: "NOSUCHKEY0000000", secretAccessKey: "wrong" });
  t.is((await t.throwsAsync(unknown.send(new ListUsersCommand({}))))?.name, "InvalidClientTokenId");
});

test("a simulation says what decides", async (t) => {
  const { stand, iam } = await open(t);
  const own = { UserName: "uma", PolicyName: "own", PolicyDocument: allowing("s3:Get*") };
  t.is((await stand.call("PutUserPolicy", own)).status, 200);
  const { EvaluationResults } = await iam.send(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn: arnOf("user", "uma"),
      ActionNames: ["s3:GetObject", "s3:PutObject"],
      ResourceArns: ["arn:aws:s3:::b/k"],
    }),
  );
  t.deepEqual(
    EvaluationResults?.map(({ EvalActionName, EvalDecision }) => [EvalActionName, EvalDecision]),
    [
      ["s3:GetObject", "allowed"],
      ["s3:PutObject", "implicitDeny"],
    ],
  );
  t.deepEqual(EvaluationResults?.[0]?.MatchedStatements, [
    { SourcePolicyId: "user_uma_own", SourcePolicyType: "user" },
  ]);
});
