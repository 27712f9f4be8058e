/** CPU time of one evaluation of policies, for several kinds of request. Run: `node dist/bench/policy.js [evaluations]`. */

import { compilePolicy } from "#src/policy/compile.ts";
import { parseBucketPolicy, parsePolicy } from "#src/policy/document.ts";
import { evaluate, settle } from "#src/policy/evaluate.ts";
import type { AccessRequest, PolicySets } from "#src/policy/request.ts";

const account = "111122223333";
const principal = {
  kind: "user",
  accountId: account,
  canonicalId: "0".repeat(64),
  arn: `arn:aws:iam::${account}:user/team/alice`,
  roleArn: null,
  roleId: null,
  userId: "AIDAEXAMPLE",
} as const;

const values = new Map<string, readonly string[] | "deferred">([
  ["aws:username", ["alice"]],
  ["aws:sourceip", ["192.0.2.17"]],
  ["aws:securetransport", ["true"]],
  ["aws:currenttime", ["2026-11-23T12:00:00Z"]],
  ["s3:existingobjecttag/class", "deferred"],
]);
const context = (key: string) => values.get(key);

/** Three statements of which the last allows the home directory of who asks. */
const userPolicy = (index: number) =>
  compilePolicy(
    parsePolicy(
      {
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: ["s3:ListAllMyBuckets", "s3:GetBucketLocation"], Resource: "*" },
          {
            Effect: "Allow",
            Action: ["s3:Get*", "s3:List*"],
            Resource: [`arn:aws:s3:::shared-${index}`, `arn:aws:s3:::shared-${index}/*`],
            Condition: { IpAddress: { "aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"] } },
          },
          {
            Effect: "Allow",
            Action: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            Resource: `arn:aws:s3:::home-${index}/\${aws:username}/*`,
            Condition: { Bool: { "aws:SecureTransport": true } },
          },
        ],
      },
      "identity",
    ),
    `user policy ${index}`,
  );

const bucketPolicy = (statements: object[]) =>
  compilePolicy(
    parseBucketPolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }), "home-2"),
    "bucket policy",
  );

const onlyTls = {
  Effect: "Deny",
  Principal: "*",
  Action: "s3:*",
  Resource: ["arn:aws:s3:::home-2", "arn:aws:s3:::home-2/*"],
  Condition: { Bool: { "aws:SecureTransport": "false" } },
};
const noSecrets = {
  Effect: "Deny",
  Principal: { AWS: account },
  Action: "s3:GetObject",
  Resource: "arn:aws:s3:::home-2/*/secret/*",
};
const notOpen = {
  Effect: "Deny",
  Principal: "*",
  Action: "s3:GetObject",
  Resource: "arn:aws:s3:::home-2/*",
  Condition: { StringEquals: { "s3:ExistingObjectTag/class": "secret" } },
};
const publicRead = {
  Effect: "Allow",
  Principal: { AWS: ["*"] },
  Action: ["s3:GetObject"],
  Resource: ["arn:aws:s3:::home-2/public/*"],
};

const policies = Array.from({ length: 10 }, (_, index) => userPolicy(index));
const sets = (count: number, statements: object[]): PolicySets => ({
  identity: policies.slice(0, count),
  boundary: null,
  session: null,
  resource: bucketPolicy(statements),
  resourceAccountId: account,
});
const get = (key: string, who: AccessRequest["principal"] = principal): AccessRequest => ({
  action: "s3:GetObject",
  resource: `arn:aws:s3:::home-2/${key}`,
  principal: who,
  context,
});

const typical = sets(3, [onlyTls, publicRead, noSecrets]);
const ten = sets(10, [onlyTls, publicRead, noSecrets]);
const deferred = sets(3, [onlyTls, publicRead, notOpen]);
const cases: readonly [name: string, request: AccessRequest, sets: PolicySets, expected: string][] = [
  ["typical: 3 policies of 3 statements, bucket policy", get("alice/2026/11/report.pdf"), typical, "Allow"],
  ["user with 10 policies", get("alice/2026/11/report.pdf"), ten, "Allow"],
  ["nothing allows", get("bob/2026/11/report.pdf"), ten, "ImplicitDeny"],
  ["explicit deny", get("alice/secret/report.pdf"), typical, "ExplicitDeny"],
  ["anonymous, public object", get("public/logo.png", { kind: "anonymous" }), typical, "Allow"],
  ["deferred to the turn", get("alice/2026/11/report.pdf"), deferred, "Deferred"],
];

const count = Number(process.argv[2] ?? 200_000);

/** CPU µs of one run, the best of five rounds. */
function micros(run: () => void): number {
  const rounds = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    for (let index = 0; index < count; index++) run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / count;
  });
  return Math.min(...rounds);
}

for (const [name, request, policySets, expected] of cases) {
  const { effect } = evaluate(request, policySets);
  if (effect !== expected) throw new Error(`${name}: ${effect} in place of ${expected}`);
  console.log(
    `${micros(() => evaluate(request, policySets))
      .toFixed(2)
      .padStart(8)} µs  ${name}`,
  );
}
const open = evaluate(get("alice/2026/11/report.pdf"), deferred);
if (open.effect === "Deferred") {
  const { residual } = open;
  console.log(
    `${micros(() => settle(residual, () => ["plain"]))
      .toFixed(2)
      .padStart(8)} µs  settle`,
  );
}
