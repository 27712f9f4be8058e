/** Principals of bucket policies and trust policies: they must be there, and stand for who they were when the policy was put. */

import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteRoleCommand,
  DeleteUserCommand,
  GetRoleCommand,
  IAMClient,
  IAMServiceException,
  UpdateAssumeRolePolicyCommand,
  UpdateUserCommand,
} from "@aws-sdk/client-iam";
import {
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { accounts, as, policyOf, statement } from "../support/bucket-access.ts";
import { eachFront, refusal, type Stand } from "../support/each-front.ts";
import { testKeys } from "../support/node-process.ts";
import { sendSigned } from "../support/signed-request.ts";

const operator = "100000000000";
const leaving = (accountId: string) => ({
  accountId,
  canonicalId: `canonical-${accountId}`,
  parent: operator,
  displayName: accountId,
  kind: "customer",
  root: { email: `root@${accountId}.example.com`, keys: [] },
  users: [],
});
const test = eachFront({ identities: { accounts: [...accounts, leaving("500000000000")] } });

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const userArn = (name: string) => `arn:aws:iam::${operator}:user/${name}`;
const roleArn = (name: string) => `arn:aws:iam::${operator}:role/${name}`;
const sessionArn = (role: string, session: string) => `arn:aws:sts::${operator}:assumed-role/${role}/${session}`;

/** What the tests do as the account's Root, and as those whom it makes. */
function world({ endpoint, s3, bucket, signed }: Stand) {
  const iam = new IAMClient({ endpoint, region: "us-east-1", credentials: testKeys });
  const keysOf = async (UserName: string): Promise<Keys> => {
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    return { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
  };
  const trusting = (AWS: string) => policyOf({ Effect: "Allow", Principal: { AWS }, Action: "sts:AssumeRole" });
  return {
    iam,
    keysOf,
    trusting,
    makeUser: async (UserName: string, Path?: string) => {
      const { User } = await iam.send(new CreateUserCommand({ UserName, Path }));
      return { id: User?.UserId ?? "", arn: User?.Arn ?? "", keys: await keysOf(UserName) };
    },
    removeUser: async (UserName: string, { accessKeyId }: Keys) => {
      await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: accessKeyId }));
      await iam.send(new DeleteUserCommand({ UserName }));
    },
    makeRole: async (RoleName: string, trusted: string) => {
      const made = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trusting(trusted) }));
      return made.Role?.RoleId ?? "";
    },
    assume: async (credentials: Keys, RoleName: string): Promise<Keys> => {
      const sts = new STSClient({ endpoint, region: "us-east-1", credentials });
      try {
        const asked = { RoleArn: roleArn(RoleName), RoleSessionName: "job" };
        const { Credentials: given } = await sts.send(new AssumeRoleCommand(asked));
        const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = given ?? {};
        return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
      } finally {
        sts.destroy();
      }
    },
    put: (Policy: string) => refusal(s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }))),
    shown: async () => (await s3.send(new GetBucketPolicyCommand({ Bucket: bucket }))).Policy ?? "",
    read: async ({ accessKeyId, secretAccessKey, sessionToken }: Keys) => {
      const headers = sessionToken === undefined ? {} : { "x-amz-security-token": sessionToken };
      const target = `/${bucket}/k`;
      return (await signed({ method: "GET", target, headers, accessKeyId, secretAccessKey })).status;
    },
  };
}

const grant = (bucket: string, AWS: string | string[]) => policyOf(statement(bucket, "Allow", { AWS }, "s3:GetObject"));

test("PutBucketPolicy_with_a_principal_that_is_not_there_400_MalformedPolicy", async (t, stand) => {
  const { s3, bucket } = stand;
  const { iam, put, shown, makeUser, makeRole } = world(stand);
  const placed = await makeUser(`placed-${bucket}`, "/team/");
  await makeRole(`role-${bucket}`, operator);
  const good = grant(bucket, [
    ...[operator, "300000000000", "arn:aws:iam::300000000000:root", "arn:aws:iam::300000000000:user/stranger"],
    ...[placed.arn, roleArn(`role-${bucket}`), sessionArn(`role-${bucket}`, "job")],
    `arn:aws:sts::${operator}:federated-user/anybody`,
  ]);
  t.is(await put(good), "no error");
  for (const absent of [
    ...["999999999999", "arn:aws:iam::999999999999:root", "arn:aws:iam::999999999999:user/stranger"],
    ...[userArn("absent"), userArn(`placed-${bucket}`), userArn("root"), userArn(`team/NOBODY`)],
    ...[roleArn("absent"), roleArn(`elsewhere/role-${bucket}`), roleArn("nobody"), userArn(`role-${bucket}`)],
    ...[sessionArn("absent", "job"), "arn:aws:sts::999999999999:federated-user/anybody", placed.id],
  ]) {
    t.is(await put(grant(bucket, absent)), "400 MalformedPolicy", absent);
    t.is(await put(grant(bucket, [operator, absent])), "400 MalformedPolicy", absent);
    const spared = policyOf({
      Effect: "Deny",
      NotPrincipal: { AWS: absent },
      Action: "s3:GetObject",
      Resource: `arn:aws:s3:::${bucket}/*`,
    });
    t.is(await put(spared), "400 MalformedPolicy", `NotPrincipal ${absent}`);
  }
  const canonical = (CanonicalUser: string) => policyOf(statement(bucket, "Allow", { CanonicalUser }, "s3:GetObject"));
  t.is(await put(canonical("canonical-999999999999")), "400 MalformedPolicy");
  t.is(await shown(), good);
  t.is(await put(canonical("canonical-300000000000")), "no error");
  const refused = s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: grant(bucket, userArn("absent")) }));
  const error = await t.throwsAsync(refused);
  t.is(error?.message, `Invalid principal in policy: "AWS":"${userArn("absent")}"`);
  iam.destroy();
});

test("GetBucketPolicy_of_named_principals_is_byte_for_byte_as_it_was_put", async (t, stand) => {
  const { bucket } = stand;
  const { iam, put, shown, makeUser, makeRole } = world(stand);
  const { arn } = await makeUser(`exact-${bucket}`);
  await makeRole(`exact-${bucket}`, arn);
  const principals = [arn, roleArn(`exact-${bucket}`), sessionArn(`exact-${bucket}`, "job"), operator];
  const text = `{ "Version":"2012-10-17",\n\t"Statement" : {"Effect":"Allow" ,"Principal": {"AWS":
    ${JSON.stringify(principals).replaceAll("/", "\\/")} }, "Action":"s3:GetObject","Resource":"arn:aws:s3:::${bucket}/*",
    "Condition":{"ArnEquals":{"aws:PrincipalArn":"${arn}"}} } }`;
  t.is(await put(text), "no error");
  t.is(await shown(), text);
  iam.destroy();
});

test("a_user_made_again_under_the_old_name_has_nothing_of_the_old_ones_grants", async (t, stand) => {
  const { s3, bucket } = stand;
  const { iam, put, shown, read, makeUser, removeUser } = world(stand);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const name = `again-${bucket}`;
  const first = await makeUser(name);
  const statements = (who: string) => [
    statement(bucket, "Allow", { AWS: [who, userArn("nobody")] }, "s3:GetObject", {
      ArnLike: { "aws:PrincipalArn": [first.arn, userArn("nobody")] },
    }),
  ];
  t.is(await put(policyOf(...statements(first.arn))), "no error");
  t.is(await read(first.keys), 200);
  await removeUser(name, first.keys);
  const asGone = policyOf(...statements(first.id));
  t.is(await shown(), asGone, "in the condition the ARN is text");
  const second = await makeUser(name);
  t.is(second.arn, first.arn);
  t.is(await read(second.keys), 403);
  t.is(await read(as("nobody")), 200, "the others keep theirs");
  t.is(await shown(), asGone);
  const status = await s3.send(new GetBucketPolicyStatusCommand({ Bucket: bucket }));
  t.is(status.PolicyStatus?.IsPublic, false);
  t.is(await put(asGone), "400 MalformedPolicy", "nobody has the id");
  t.is(await put(policyOf(...statements(second.arn))), "no error");
  t.is(await read(second.keys), 200);
  iam.destroy();
});

test("NotPrincipal_spares_who_was_there_when_it_was_put", async (t, stand) => {
  const { s3, bucket } = stand;
  const { iam, put, shown, read, makeUser, removeUser } = world(stand);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const name = `spared-${bucket}`;
  const first = await makeUser(name);
  const spares = (who: string) =>
    policyOf(statement(bucket, "Allow", "*", "s3:GetObject"), {
      Effect: "Deny",
      NotPrincipal: { AWS: [operator, who] },
      Action: "s3:GetObject",
      Resource: `arn:aws:s3:::${bucket}/*`,
    });
  t.is(await put(spares(first.arn)), "no error");
  t.is(await read(first.keys), 200);
  t.is(await read(as("nobody")), 403);
  await removeUser(name, first.keys);
  const second = await makeUser(name);
  t.is(await read(second.keys), 403);
  t.is(await shown(), spares(first.id));
  iam.destroy();
});

test("a_role_made_again_under_the_old_name_has_nothing_of_the_old_ones_grants", async (t, stand) => {
  const { s3, bucket } = stand;
  const { iam, put, shown, read, makeUser, makeRole, assume } = world(stand);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const name = `again-${bucket}`;
  const { arn, keys } = await makeUser(`asks-${bucket}`);
  for (const [principal, asGone] of [
    [roleArn(name), (id: string) => id],
    [sessionArn(name, "job"), (id: string) => `${id}:job`],
  ] as const) {
    const id = await makeRole(name, arn);
    t.is(await put(grant(bucket, principal)), "no error");
    t.is(await read(await assume(keys, name)), 200, principal);
    await iam.send(new DeleteRoleCommand({ RoleName: name }));
    await makeRole(name, arn);
    t.is(await read(await assume(keys, name)), 403, principal);
    t.is(await shown(), grant(bucket, asGone(id)));
    t.is(await put(grant(bucket, principal)), "no error");
    t.is(await read(await assume(keys, name)), 200, principal);
    await iam.send(new DeleteRoleCommand({ RoleName: name }));
  }
  iam.destroy();
});

test("a_user_who_is_renamed_keeps_the_grants_and_the_policy_shows_the_new_ARN", async (t, stand) => {
  const { s3, bucket } = stand;
  const { iam, put, shown, read, makeUser, removeUser } = world(stand);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "x" }));
  const name = `old-${bucket}`;
  const first = await makeUser(name);
  t.is(await put(grant(bucket, first.arn)), "no error");
  await iam.send(new UpdateUserCommand({ UserName: name, NewUserName: `new-${bucket}`, NewPath: "/moved/" }));
  t.is(await read(first.keys), 200);
  t.is(await shown(), grant(bucket, userArn(`moved/new-${bucket}`)));
  const second = await makeUser(name);
  t.is(await read(second.keys), 403, "who has the old name now is another");
  t.is(await shown(), grant(bucket, userArn(`moved/new-${bucket}`)));
  await iam.send(new UpdateUserCommand({ UserName: `new-${bucket}`, NewUserName: `third-${bucket}` }));
  t.is(await shown(), grant(bucket, userArn(`moved/third-${bucket}`)));
  await removeUser(`third-${bucket}`, first.keys);
  t.is(await shown(), grant(bucket, first.id));
  iam.destroy();
});

test("trust_policies_name_who_is_there_and_trust_nobody_else", async (t, stand) => {
  const { bucket } = stand;
  const { iam, trusting, makeUser, removeUser, makeRole, assume } = world(stand);
  const RoleName = `trusting-${bucket}`;
  const absent = userArn("absent");
  const create = makeRole(RoleName, absent);
  const refused = await t.throwsAsync(create);
  t.is(refused?.name, "MalformedPolicyDocumentException");
  t.is(refused?.message, `Invalid principal in policy: "AWS":"${absent}"`);
  const name = `trusted-${bucket}`;
  const first = await makeUser(name);
  await makeRole(RoleName, first.arn);
  const shown = async () => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    return decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "");
  };
  const update = async (trusted: string) => {
    const asked = { RoleName, PolicyDocument: trusting(trusted) };
    try {
      await iam.send(new UpdateAssumeRolePolicyCommand(asked));
      return "no error";
    } catch (error) {
      if (error instanceof IAMServiceException) return error.name;
      throw error;
    }
  };
  t.is(await shown(), trusting(first.arn));
  await t.notThrowsAsync(assume(first.keys, RoleName));
  t.is(await update(absent), "MalformedPolicyDocumentException");
  t.is(await update("999999999999"), "MalformedPolicyDocumentException");
  t.is(await shown(), trusting(first.arn));
  await removeUser(name, first.keys);
  const second = await makeUser(name);
  t.is((await t.throwsAsync(assume(second.keys, RoleName)))?.name, "AccessDenied");
  t.is(await shown(), trusting(first.id));
  t.is(await update(second.arn), "no error");
  await t.notThrowsAsync(assume(second.keys, RoleName));
  t.is(await update(roleArn(RoleName)), "no error", "a role may trust itself once it is there");
  iam.destroy();
});

test("access_of_the_admin_API_takes_and_shows_principals_as_PutBucketPolicy_does", async (t, stand) => {
  const { bucket, consoleEndpoint } = stand;
  const { iam, put, shown, makeUser, removeUser } = world(stand);
  const ask = async (method: string, at: string, body?: object) => {
    const headers = { "content-type": "application/json" };
    const target = `/api/v1/buckets/${bucket}/access${at}`;
    const request = {
      method,
      target,
      headers,
      ...testKeys,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const answer = await sendSigned(consoleEndpoint, request);
    return { status: answer.status, json: JSON.parse(answer.body.toString()) as Record<string, unknown> };
  };
  const custom = (AWS: string) => ({ mode: "Custom", policy: JSON.parse(grant(bucket, AWS)) as object });
  for (const [method, at] of [
    ["PUT", ""],
    ["POST", "/preview"],
  ] as const) {
    const refused = await ask(method, at, custom(userArn("absent")));
    t.is(refused.status, 400);
    t.is(refused.json["code"], "MalformedPolicyDocument");
  }
  const name = `admin-${bucket}`;
  const first = await makeUser(name);
  t.is((await ask("PUT", "", custom(first.arn))).json["policy"], grant(bucket, first.arn));
  t.is(await shown(), grant(bucket, first.arn));
  await removeUser(name, first.keys);
  const { json } = await ask("GET", "");
  t.is(json["policy"], grant(bucket, first.id));
  t.is(json["isPublic"], false);
  t.is(await put(grant(bucket, operator)), "no error");
  iam.destroy();
});

test("an_account_that_was_deleted_is_no_principal", async (t, stand) => {
  const { bucket, consoleEndpoint } = stand;
  const { iam, put, shown } = world(stand);
  const accountId = "500000000000";
  const byName = policyOf(
    statement(bucket, "Allow", { AWS: accountId }, "s3:GetObject"),
    statement(bucket, "Allow", { CanonicalUser: `canonical-${accountId}` }, "s3:GetObject"),
  );
  t.is(await put(byName), "no error");
  const target = `/api/v1/accounts/${accountId}`;
  const deleted = await sendSigned(consoleEndpoint, { method: "DELETE", target, ...testKeys });
  t.true(deleted.status < 300, deleted.body.toString());
  t.is(await shown(), byName);
  t.is(await put(grant(bucket, accountId)), "400 MalformedPolicy");
  t.is(await put(byName), "400 MalformedPolicy");
  iam.destroy();
});
