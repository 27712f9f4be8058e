/** What is asked of the policies: who wants to do what to which resource, and the policies that have a say. */

import type { CompiledPolicy } from "./compile.ts";
import type { ContextValues } from "./request-context.ts";
import { no, type Truth } from "./truth.ts";

export type RequestPrincipal =
  | { readonly kind: "anonymous" }
  | {
      readonly kind: "root" | "user" | "role-session";
      /** 12 digits. */
      readonly accountId: string;
      readonly canonicalId: string;
      /** `arn:aws:iam::ACCOUNT:root`, `arn:aws:iam::ACCOUNT:user/path/name` or `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`. */
      readonly arn: string;
      /** Of a role session: `arn:aws:iam::ACCOUNT:role/path/ROLE`. */
      readonly roleArn: string | null;
      /** Of a role session: the role's unique id. */
      readonly roleId: string | null;
      /** What `aws:userid` is: the user's unique id, or the role's with ":" and the session's name. Conditions ask the context for it. */
      readonly userId: string;
    };

export interface AccessRequest {
  /** `s3:GetObject`, `iam:CreateUser`, `sts:AssumeRole`. */
  readonly action: string;
  /** A whole ARN; `*` for actions without a resource. */
  readonly resource: string;
  readonly principal: RequestPrincipal;
  /**
   * Values of a condition key, named in lower case; undefined: not in the request; "deferred": not known before the bucket's turn.
   * Called lazily, at most once for each key of an evaluation.
   */
  readonly context: (key: string) => ContextValues;
}

export interface PolicySets {
  /** The user's own and its groups', or the role's. */
  readonly identity: readonly CompiledPolicy[];
  readonly boundary: CompiledPolicy | null;
  /** Session policies; null: none were given. */
  readonly session: readonly CompiledPolicy[] | null;
  /** The bucket policy, or the trust policy of the role that is to be assumed. */
  readonly resource: CompiledPolicy | null;
  /** The owner of the resource. */
  readonly resourceAccountId: string;
}

/** What access control lists say beside the policies. */
export interface AclSide {
  /** Granted to who asks as to anybody: to a group, or to those who do not sign. */
  readonly everybody: Truth;
  /** Granted to the account of who asks, whose own policies have the last word. */
  readonly account: Truth;
  /** Whether the resource may be another account's than the sets say: then nothing but a denial is decided before `settle`. */
  readonly isOwnerOpen: boolean;
}

export const noAcl: AclSide = Object.freeze({ everybody: no, account: no, isOwnerOpen: false });
