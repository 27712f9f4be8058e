/** Nicer names, arguments and columns than a row's own name and members would give. A row that is not here is a command all the same. */

export interface Naming {
  /** The words of the command. */
  readonly words?: readonly string[];
  /** Members of body or query that are arguments, in order; the path's labels come before them. */
  readonly positionals?: readonly string[];
  /** Option → the name that people see. */
  readonly options?: Readonly<Record<string, string>>;
  /** What follows the command in its examples. */
  readonly examples?: readonly string[];
}

/** Rows that are steps of another command. */
export const stepsOf: Readonly<Record<string, string>> = {
  SignIn: "login",
  SignInSecondFactor: "login",
  SignOut: "logout",
};

export const namings: Readonly<Record<string, Naming>> = {
  GetMe: { words: ["whoami"] },
  BeginActing: { words: ["act-as"], examples: ["123456789012"] },
  EndActing: { words: ["stop-acting"] },
  CreateAccount: {
    positionals: ["displayName"],
    examples: [
      '"Acme" --email root@acme.example --label acme',
      '"Northern Hosting" --email root@north.example --kind reseller --quota-bytes 10TB',
    ],
  },
  UpdateAccount: { examples: ["123456789012 --quota-bytes 1TB --quota-objects '' --quota-buckets 100"] },
  CreateUser: {
    positionals: ["email"],
    examples: ["ann@example.com", "ann@example.com --role admin", "--name backup --group writers"],
  },
  UpdateUser: { options: { name: "new-name" }, examples: ["ann@example.com --role admin"] },
  UpdateGroup: { options: { name: "new-name" } },
  AttachUserPolicy: { examples: ["ann@example.com arn:aws:iam::123456789012:policy/readers"] },
  AttachGroupPolicy: { examples: ["writers arn:aws:iam::123456789012:policy/writers"] },
  PutUserInlinePolicy: { examples: ["ann@example.com own-folder @policy.json"] },
  CreatePolicy: { examples: ["readers --document @policy.json --description 'Reads the photos'"] },
  CreatePolicyVersion: { examples: ["readers @policy.json"] },
  SimulatePolicies: {
    words: ["policy", "simulate"],
    examples: [
      "--principal-kind user --principal-name ann@example.com --action s3:GetObject --resource arn:aws:s3:::photos/a.jpg",
    ],
  },
  ListBuiltInPolicies: { words: ["policy", "list-built-in"] },
  CreateRole: { examples: ["uploader --trust-policy @trust.json"] },
  RequestPasswordReset: { words: ["password", "request-reset"] },
  ConfirmPasswordReset: { words: ["password", "reset"], examples: ["https://console.example.com/reset#trp_reset_..."] },
  AcceptInvite: { examples: ["https://console.example.com/invite#trp_invite_..."] },
  CreateMyToken: { examples: ["billing --scope usage --expires-at 2027-12-31"] },
  UpdateMyKey: { examples: ["TROUPEKEY00000000001 Inactive"] },
  CreateBucket: { examples: ["photos"] },
  ListDeadEvents: { words: ["dead-events", "list"], examples: ["photos"] },
  RetryDeadEvents: { words: ["dead-events", "retry"], examples: ["photos"] },
  DropDeadEvents: { words: ["dead-events", "drop"], examples: ["photos"] },
  SuperDeleteBucket: { options: { name: "same-name" }, examples: ["photos photos"] },
  GetUsage: { examples: ["--from 2026-11-01 --to 2026-12-01", "--format csv > usage.csv"] },
  ListAudit: { examples: ["--order newest", "--from 2026-11-01 --outcome denied", "--account all --json"] },
  ExportAudit: { examples: ["--from 2026-11-01 --to 2026-12-01 > audit.csv"] },
};

/** Other names for the first word. */
export const aliases: Readonly<Record<string, string>> = { account: "customer" };

/** First word → the members of a list's items that are shown, in order. */
export const columns: Readonly<Record<string, readonly string[]>> = {
  account: ["accountId", "displayName", "kind", "status", "label", "createdAt"],
  audit: ["at", "action", "outcome", "accountId", "target", "by.name", "by.original.name", "by.address"],
  bucket: ["name", "region", "state", "createdAt"],
  group: ["name", "attachedPolicies", "inlinePolicies", "createdAt"],
  key: ["accessKeyId", "status", "createdAt", "lastUsed.at"],
  policy: ["name", "arn", "defaultVersion", "attachmentCount", "description"],
  role: ["name", "arn", "attachedPolicies", "inlinePolicies", "createdAt"],
  session: ["sessionId", "isThisOne", "address", "userAgent", "actingAs", "seenAt"],
  token: ["tokenId", "name", "scope", "createdAt", "expiresAt"],
  user: ["name", "email", "role", "status", "groups", "attachedPolicies"],
};
