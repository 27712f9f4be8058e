/**
 * The language of the admin API: one row per operation. A row feeds the router, the decoder, the judge of who may call it,
 * the idempotency store, the OpenAPI document and the tests. A row that does not say who may call it does not compile.
 */

import type { z } from "zod";
import type { AccountKind, Role, TokenScope } from "../control/identity-records.ts";
import type { AdminContext } from "./context.ts";
import type { AdminErrorCode } from "./problem.ts";
import type { AdminRecords } from "./records.ts";

export type AdminMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * How a caller proves who it is.
 * - none: not at all (sign-in, links of mails);
 * - half: a session whose second factor is still due;
 * - session: the console's cookie; token: an API token; sigv4: an access key; local: the socket on the node's own machine.
 */
export type Proof = "none" | "half" | "session" | "token" | "sigv4" | "local";

/** What programs and people alike may use. */
export const anyProof = ["session", "token", "sigv4", "local"] as const satisfies readonly Proof[];
/** What is about the person at the console, or about its session. */
export const personalProof = ["session"] as const satisfies readonly Proof[];

export interface Admittance {
  readonly who: readonly Proof[];
  /** The least role: "user" = everybody, whose policies then have to allow `action`. */
  readonly role: Role;
  /** Kinds of accounts whose identities may call it; absent = all. */
  readonly kinds?: readonly AccountKind[];
  /** The least scope of an API token. */
  readonly scope: TokenScope;
  /** False: not while the session acts as another account's Root. */
  readonly whileActing: boolean;
  /** What the caller's policies have to allow; null: the caller's own affairs, which need no policy. */
  readonly action: string | null;
}

type ObjectSchema = z.ZodObject<z.ZodRawShape>;

/** An answer that is text of another type than JSON. */
export interface TextReply {
  readonly kind: "text";
  readonly contentType: string;
}

/** JSON, or the same as CSV when the query asks for it: then the handler gives text. */
export interface EitherReply<J extends z.ZodType = z.ZodType> {
  readonly kind: "json or csv";
  readonly json: J;
}

export type ReplySchema = z.ZodType | TextReply | EitherReply | null;

export interface AdminDeclaration<
  P extends ObjectSchema,
  Q extends ObjectSchema,
  B extends z.ZodType | null,
  R extends ReplySchema,
> {
  readonly name: string;
  readonly method: AdminMethod;
  /** Under `/api/v1`; `{name}` stands for a member of `params`. */
  readonly path: string;
  /** The tag that the API guide files it under. */
  readonly group: string;
  readonly summary: string;
  readonly admits: Admittance;
  readonly params: P;
  readonly query: Q;
  /** null: takes no body. */
  readonly body: B;
  /** null: 204 without a body. */
  readonly reply: R;
  readonly status: 200 | 201 | 202 | 204;
  /** Codes beyond those that any request can have. */
  readonly errors: readonly AdminErrorCode[];
  /** Every answer carries a secret: a repeat under the same idempotency key does not get it again. */
  readonly hasSecret?: true;
}

/** The resource that the policy action is judged on: an ARN, or "*". */
export type ResourceOf = (input: AdminInput, accountId: string, reader: AdminRecords) => string;

/** Values of condition keys that a request brings, by their names in lower case. */
export type Conditions = Readonly<Record<string, readonly string[]>>;

/** Decoded and checked parts of a request, as the rows' schemas say. */
export interface AdminInput {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** A row as router, judge, OpenAPI and tests see it. */
export interface AdminRow {
  readonly name: string;
  readonly method: AdminMethod;
  readonly path: string;
  readonly group: string;
  readonly summary: string;
  readonly admits: Admittance;
  readonly params: ObjectSchema;
  readonly query: ObjectSchema;
  readonly body: z.ZodType | null;
  readonly reply: ReplySchema;
  readonly status: number;
  readonly errors: readonly AdminErrorCode[];
  readonly hasSecret: boolean;
  /** Whether a POST may carry an Idempotency-Key. */
  readonly isIdempotent: boolean;
  readonly resource: ResourceOf;
  readonly conditions: (input: AdminInput) => Conditions;
  readonly handler: (input: AdminInput, context: AdminContext) => Promise<unknown>;
}

type InputOf<P extends ObjectSchema, Q extends ObjectSchema, B extends z.ZodType | null> = {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: B extends z.ZodType ? z.output<B> : null;
};

type ReplyOf<R extends ReplySchema> = R extends z.ZodType
  ? z.input<R>
  : R extends EitherReply<infer J>
    ? string | z.input<J>
    : R extends TextReply
      ? string
      : null;

interface Declared<P extends ObjectSchema, Q extends ObjectSchema, B extends z.ZodType | null, R extends ReplySchema> {
  /** The resource of the policy action, when it is not "*", and condition keys beside those of every request. */
  on(
    resource: (input: InputOf<P, Q, B>, accountId: string, reader: AdminRecords) => string,
    conditions?: (input: InputOf<P, Q, B>) => Conditions,
  ): Pick<Declared<P, Q, B, R>, "handledBy">;
  handledBy(handler: (input: InputOf<P, Q, B>, context: AdminContext) => Promise<ReplyOf<R>>): AdminRow;
}

const everything: ResourceOf = () => "*";
const noConditions = (): Conditions => ({});

/** Declares a row. The handler comes in a second call, so that it is checked against schemas that are already known. */
export function declareAdmin<
  P extends ObjectSchema,
  Q extends ObjectSchema,
  B extends z.ZodType | null,
  R extends ReplySchema,
>(declaration: AdminDeclaration<P, Q, B, R>): Declared<P, Q, B, R> {
  const handledOn =
    (resource: ResourceOf, conditions: AdminRow["conditions"]): Declared<P, Q, B, R>["handledBy"] =>
    (handler) => ({
      name: declaration.name,
      method: declaration.method,
      path: declaration.path,
      group: declaration.group,
      summary: declaration.summary,
      admits: declaration.admits,
      params: declaration.params,
      query: declaration.query,
      body: declaration.body,
      reply: declaration.reply,
      status: declaration.status,
      errors: declaration.errors,
      hasSecret: declaration.hasSecret ?? false,
      isIdempotent:
        declaration.method === "POST" && declaration.admits.who.some((proof) => proof !== "none" && proof !== "half"),
      resource,
      conditions,
      // The decoder made the input from the row's own schemas: here, and only here, its type is known again.
      handler: (input, context) => handler(input as unknown as InputOf<P, Q, B>, context),
    });
  return {
    on: (resource, conditions = noConditions) => ({
      handledBy: handledOn(resource as unknown as ResourceOf, conditions as unknown as AdminRow["conditions"]),
    }),
    handledBy: handledOn(everything, noConditions),
  };
}

/** Everybody's own affairs at the console. */
export const ownAffairs: Admittance = {
  who: personalProof,
  role: "user",
  scope: "all",
  whileActing: false,
  action: null,
};

/** What an identity may do in its account when its policies allow it; Root and Admin always. */
export function byPolicy(action: string): Admittance {
  return { who: anyProof, role: "user", scope: "all", whileActing: true, action };
}

/** What resellers and operators may do to the accounts below theirs: their Root changes them, their Admin sees them. */
export function overAccounts(action: string, role: "root" | "admin" = "root"): Admittance {
  return {
    who: anyProof,
    role,
    kinds: ["operator", "reseller"],
    scope: "customers",
    whileActing: true,
    action,
  };
}
