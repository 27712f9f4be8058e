import test from "ava";
import { limits } from "../base/limits.ts";
import { compilePolicy } from "./compile.ts";
import { parsePolicy } from "./document.ts";
import { evaluate } from "./evaluate.ts";
import { managedPolicies } from "./managed.ts";

const account = "111122223333";

/** Whether a user with the one policy may do it. */
function may(policy: string, action: string, resource: string): boolean {
  const managed = managedPolicies.get(`arn:aws:iam::aws:policy/${policy}`);
  if (managed === undefined) throw new Error(`no policy ${policy}`);
  const principal = {
    kind: "user",
    accountId: account,
    canonicalId: "c",
    arn: `arn:aws:iam::${account}:user/team/alice`,
    roleArn: null,
    roleId: null,
    userId: "AIDA",
  } as const;
  const sets = {
    identity: [compilePolicy(managed.document, policy)],
    boundary: null,
    session: null,
    resource: null,
    resourceAccountId: account,
  };
  const context = (key: string) => (key === "aws:username" ? ["alice"] : undefined);
  return evaluate({ action, resource, principal, context }, sets).effect === "Allow";
}

test("each is what its text says, under its name", (t) => {
  t.is(managedPolicies.size, 7);
  for (const [arn, { name, description, document, text }] of managedPolicies) {
    t.is(arn, `arn:aws:iam::aws:policy/${name}`);
    t.deepEqual(parsePolicy(text, "identity"), document);
    t.true(description.length > 0 && description.length <= 1000);
    t.true(document.statements.length <= limits.policyStatementsMax);
  }
});

test("what they allow", (t) => {
  const object = "arn:aws:s3:::b/k";
  const own = `arn:aws:iam::${account}:user/team/alice`;
  const other = `arn:aws:iam::${account}:user/team/bob`;
  const cases: [policy: string, action: string, resource: string, allowed: boolean][] = [
    ["AdministratorAccess", "s3:DeleteBucket", "arn:aws:s3:::b", true],
    ["AdministratorAccess", "iam:CreateUser", other, true],
    ["AmazonS3FullAccess", "s3:PutObject", object, true],
    ["AmazonS3FullAccess", "iam:ListUsers", "*", false],
    ["AmazonS3ReadOnlyAccess", "s3:GetObject", object, true],
    ["AmazonS3ReadOnlyAccess", "s3:PutObject", object, false],
    ["IAMFullAccess", "iam:CreateUser", other, true],
    ["IAMFullAccess", "s3:GetObject", object, false],
    ["IAMReadOnlyAccess", "iam:ListUsers", "*", true],
    ["IAMReadOnlyAccess", "iam:CreateUser", other, false],
    ["IAMUserChangePassword", "iam:ChangePassword", own, true],
    ["IAMUserChangePassword", "iam:ChangePassword", other, false],
    ["IAMUserChangePassword", "iam:CreateAccessKey", own, false],
    ["TroupeKeySelfService", "iam:CreateAccessKey", own, true],
    ["TroupeKeySelfService", "iam:CreateAccessKey", `arn:aws:iam::${account}:user/alice`, true],
    ["TroupeKeySelfService", "iam:CreateAccessKey", other, false],
    ["TroupeKeySelfService", "iam:CreateAccessKey", `arn:aws:iam::${account}:user/alice2`, false],
    ["TroupeKeySelfService", "iam:AttachUserPolicy", own, false],
    ["TroupeKeySelfService", "s3:GetObject", object, false],
  ];
  for (const [policy, action, resource, allowed] of cases) {
    t.is(may(policy, action, resource), allowed, `${policy} ${action} ${resource}`);
  }
});
