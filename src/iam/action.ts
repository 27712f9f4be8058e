/** One row per action of the query protocol: name, permission, resource, input, output and errors, with its handler. */

import type { Directory } from "../account/directory.ts";
import type { PolicyDirectory } from "../account/policy-directory.ts";
import type { Clock } from "../base/clock.ts";
import type { ControlMessageType, ControlReply, ControlRequest } from "../control/messages.ts";
import type { Members, StructureShape, StructureValue } from "../model/shape.ts";
import { structure } from "../model/shape.ts";
import type { Caller, Conditions } from "./caller.ts";
import type { ActionErrorCode } from "./errors.ts";
import type { IssueCredentials, SecondFactor } from "./ports.ts";
import type { QueryService } from "./query-answer.ts";

/** What a handler is given. The directories have been refreshed, and are again after every `ask`. */
export interface ActionContext {
  readonly requestId: string;
  readonly caller: Caller;
  /** The caller's: actions never reach into another account, but for AssumeRole. */
  readonly accountId: string;
  readonly directory: Directory;
  readonly policies: PolicyDirectory;
  readonly clock: Clock;
  readonly credentials: IssueCredentials;
  readonly secondFactor: SecondFactor;
  /** Before the first read after an await of another kind than `ask`. */
  refresh(): void;
  /** A further judgement beside the row's own. @throws QueryError AccessDenied */
  require(action: string, resource: string, conditions?: Conditions): void;
  /** @throws QueryError the control actor's refusal */
  ask<T extends ControlMessageType>(type: T, message: ControlRequest<T>): Promise<ControlReply<T>>;
}

/**
 * What an action is judged on.
 * - a function: the ARN of its resource.
 * - "none": the action needs no permission (GetCallerIdentity).
 * - "handler": the handler judges, by a policy that only it knows (AssumeRole and the role's trust policy).
 */
export type JudgedOn<I> = ((input: I, context: ActionContext) => string) | "none" | "handler";

export interface ActionDeclaration<I extends Members, O extends Members | null> {
  readonly name: string;
  readonly service: QueryService;
  readonly action: `iam:${string}` | `sts:${string}`;
  readonly resource: JudgedOn<StructureValue<I>>;
  /** Condition keys beside those of every request. */
  readonly conditions?: (input: StructureValue<I>, context: ActionContext) => Conditions;
  readonly input: I;
  /** null: the answer has no result element. */
  readonly output: O;
  /** Codes beyond those any request can have. */
  readonly errors: readonly ActionErrorCode[];
}

/** A row as the port and the tests see it; only the row itself knows the types of input and output. */
export interface QueryAction {
  readonly name: string;
  readonly service: QueryService;
  readonly action: string;
  readonly resource: JudgedOn<unknown>;
  readonly conditions: (input: unknown, context: ActionContext) => Conditions;
  readonly input: StructureShape;
  readonly output: StructureShape | null;
  readonly errors: readonly ActionErrorCode[];
  readonly handler: (input: unknown, context: ActionContext) => unknown;
}

type Answer<O extends Members | null> = O extends Members
  ? StructureValue<O> | Promise<StructureValue<O>>
  : Promise<void>;

export interface DeclaredAction<I extends Members, O extends Members | null> {
  handledBy(handler: (input: StructureValue<I>, context: ActionContext) => Answer<O>): QueryAction;
}

const noConditions = (): Conditions => ({});

/** Handlers come in a second call, so that they are checked against shapes that are already known. */
export function declareQueryAction<const I extends Members, const O extends Members | null>(
  declaration: ActionDeclaration<I, O>,
): DeclaredAction<I, O> {
  const { name, service, action, resource, conditions, input, output, errors } = declaration;
  return {
    // The decoder made the input from the row's own shape: here, and only here, its type is known again.
    handledBy: (handler) => ({
      name,
      service,
      action,
      resource: resource as JudgedOn<unknown>,
      conditions: (conditions ?? noConditions) as QueryAction["conditions"],
      input: structure(`${name}Request`, input),
      output: output === null ? null : structure(`${name}Result`, output),
      errors,
      handler: handler as QueryAction["handler"],
    }),
  };
}
