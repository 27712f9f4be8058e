/**
 * The managed policies that every account has. Pure.
 * Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html; TroupeKeySelfService is this product's own.
 */

import { type PolicyDocument, parsePolicy } from "./document.ts";

export interface ManagedPolicy {
  readonly name: string;
  readonly description: string;
  readonly document: PolicyDocument;
  /** The document as JSON. */
  readonly text: string;
}

interface Row {
  readonly name: string;
  readonly description: string;
  readonly statements: readonly { readonly Action: readonly string[]; readonly Resource: readonly string[] }[];
}

/** A user's own resource, at the account's top or below a path. */
const ownUser = ["arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::*:user/*/${aws:username}"];

const rows: readonly Row[] = [
  {
    name: "AdministratorAccess",
    description: "Everything in the account.",
    statements: [{ Action: ["*"], Resource: ["*"] }],
  },
  {
    name: "AmazonS3FullAccess",
    description: "Everything with buckets and objects.",
    statements: [{ Action: ["s3:*", "s3-object-lambda:*"], Resource: ["*"] }],
  },
  {
    name: "AmazonS3ReadOnlyAccess",
    description: "Lists and reads buckets and objects.",
    statements: [
      {
        Action: ["s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"],
        Resource: ["*"],
      },
    ],
  },
  {
    name: "IAMFullAccess",
    description: "Everything with users, groups, roles, policies and keys.",
    statements: [
      {
        Action: [
          "iam:*",
          "organizations:DescribeAccount",
          "organizations:DescribeOrganization",
          "organizations:DescribeOrganizationalUnit",
          "organizations:DescribePolicy",
          "organizations:ListChildren",
          "organizations:ListParents",
          "organizations:ListPoliciesForTarget",
          "organizations:ListRoots",
          "organizations:ListPolicies",
          "organizations:ListTargetsForPolicy",
        ],
        Resource: ["*"],
      },
    ],
  },
  {
    name: "IAMReadOnlyAccess",
    description: "Lists and reads users, groups, roles and policies.",
    statements: [
      {
        Action: [
          "iam:GenerateCredentialReport",
          "iam:GenerateServiceLastAccessedDetails",
          "iam:Get*",
          "iam:List*",
          "iam:SimulateCustomPolicy",
          "iam:SimulatePrincipalPolicy",
        ],
        Resource: ["*"],
      },
    ],
  },
  {
    name: "IAMUserChangePassword",
    description: "Changes the user's own password.",
    statements: [
      { Action: ["iam:ChangePassword"], Resource: ownUser },
      { Action: ["iam:GetAccountPasswordPolicy"], Resource: ["*"] },
    ],
  },
  {
    name: "TroupeKeySelfService",
    description: "Makes, lists and deletes the user's own access keys and changes the user's own password.",
    statements: [
      {
        Action: [
          "iam:ChangePassword",
          "iam:CreateAccessKey",
          "iam:DeleteAccessKey",
          "iam:GetAccessKeyLastUsed",
          "iam:GetUser",
          "iam:ListAccessKeys",
          "iam:UpdateAccessKey",
        ],
        Resource: ownUser,
      },
      { Action: ["iam:GetAccountPasswordPolicy"], Resource: ["*"] },
    ],
  },
];

/** By ARN: `arn:aws:iam::aws:policy/NAME`. */
export const managedPolicies: ReadonlyMap<string, ManagedPolicy> = new Map(
  rows.map(({ name, description, statements }) => {
    const text = JSON.stringify({
      Version: "2012-10-17",
      Statement: statements.map((statement) => ({ Effect: "Allow", ...statement })),
    });
    return [`arn:aws:iam::aws:policy/${name}`, { name, description, document: parsePolicy(text, "identity"), text }];
  }),
);
