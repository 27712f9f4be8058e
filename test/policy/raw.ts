/** Policies as they are written, and requests as plain data: what the second evaluator reads. */

export type OneOrMany<Item> = Item | readonly Item[];
export type RawValue = string | number | boolean;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
export interface RawPolicy {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: OneOrMany<RawStatement>;
}

export interface RawStatement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: RawPrincipal;
  readonly NotPrincipal?: RawPrincipal;
  readonly Action?: OneOrMany<string>;
  readonly NotAction?: OneOrMany<string>;
  readonly Resource?: OneOrMany<string>;
  readonly NotResource?: OneOrMany<string>;
  readonly Condition?: RawConditions;
}

export type RawPrincipal = "*" | Readonly<Record<string, OneOrMany<string>>>;

/** Operator, then key, then values. */
export type RawConditions = Readonly<Record<string, Readonly<Record<string, OneOrMany<RawValue>>>>>;

export type Outcome = "Allow" | "ExplicitDeny" | "ImplicitDeny";

export type PlainPrincipal =
  | { readonly kind: "anonymous" }
  | {
      readonly kind: "root" | "user" | "role-session";
      readonly accountId: string;
      readonly canonicalId: string;
      readonly arn: string;
      readonly roleArn: string | null;
      readonly roleId: string | null;
      readonly userId: string;
    };

export interface PlainRequest {
  readonly action: string;
  readonly resource: string;
  readonly principal: PlainPrincipal;
  /** Values of the condition keys that the request has; names in lower case. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

/** The policies that meet a request. */
export interface PlainSets {
  readonly identity: readonly RawPolicy[];
  readonly boundary: RawPolicy | null;
  readonly session: readonly RawPolicy[] | null;
  readonly resource: RawPolicy | null;
  readonly resourceAccountId: string;
}

export function listOf<Item>(value: OneOrMany<Item> | undefined): readonly Item[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly Item[]) : [value as Item];
}
