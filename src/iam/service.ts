/**
 * A request of the query protocol from its form to its answer: find the action, decode, authorise, handle, encode. A handler
 * never sees a request that was not authorised, and every error becomes an answer here.
 */

import { Directory } from "../account/directory.ts";
import { PolicyDirectory } from "../account/policy-directory.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { ControlReader } from "../control/reader.ts";
import { PolicyError } from "../policy/document.ts";
import { asS3Error } from "../s3/errors.ts";
import type { ActionContext, QueryAction } from "./action.ts";
import type { Caller, Conditions } from "./caller.ts";
import { type Denial, Denials } from "./denials.ts";
import { QueryError, queryErrorOf } from "./errors.ts";
import type { AskControl, IssueCredentials, SecondFactor } from "./ports.ts";
import {
  compileAnswer,
  errorAnswer,
  type QueryAnswer,
  type QueryService,
  queryVersions,
  successAnswer,
} from "./query-answer.ts";
import { decodeForm } from "./query-decode.ts";
import { formValue, parseForm, shown } from "./query-form.ts";
import { callerIdentity } from "./session-credentials.ts";
import { findAction, reasonUnserved } from "./table.ts";

export interface IamPortOptions {
  /** This thread's. */
  readonly reader: Pick<ControlReader, "refresh" | "record" | "keys" | "account" | "user">;
  readonly askControl: AskControl;
  readonly clock: Clock;
  readonly credentials: IssueCredentials;
  readonly secondFactor: SecondFactor;
  readonly log: Log;
}

/** A request whose signature was verified. */
export interface QueryRequest {
  readonly requestId: string;
  /** Of the credential's scope. */
  readonly service: QueryService;
  /** The body of a POST, the query of a GET; as on the wire. */
  readonly form: string;
  readonly caller: Caller;
}

/** @returns the port that answers requests; it never rejects */
export function iamPort(options: IamPortOptions): (request: QueryRequest) => Promise<QueryAnswer> {
  const directory = new Directory(options.reader);
  const policies = new PolicyDirectory(options.reader);
  const denials = new Denials(options);
  return async (request) => {
    const { requestId, service, caller } = request;
    const refused: Refused = { missing: null, isWritten: false };
    let name = "";
    try {
      const form = parseForm(request.form);
      name = actionName(formValue(form, "Action"));
      const action = actionOf(service, name, formValue(form, "Version"));
      const context = contextOf(options, directory, policies, request, refused);
      checkCaller(action, context);
      options.reader.refresh();
      const input = decodeForm(action.input, form);
      authorise(action, input, context);
      const output = await action.handler(input, context);
      return successAnswer(name, writerOf(action)(output, requestId), requestId);
    } catch (error) {
      const known = knownError(error, options.log, requestId, name);
      if (known.code === "AccessDenied" && !refused.isWritten) {
        denials.note({ by: caller.actor, action: name, missing: refused.missing });
      }
      return errorAnswer(service, name, known, requestId);
    }
  };
}

/** What is known of a refusal while a request is served. */
interface Refused {
  missing: Denial["missing"];
  /** The control actor has refused, and has written so. */
  isWritten: boolean;
}

const actionPattern = /^[A-Za-z0-9]{1,128}$/;

/** @throws QueryError MissingAction, InvalidAction */
function actionName(text: string | null): string {
  if (text === null || text === "") throw new QueryError("MissingAction");
  if (!actionPattern.test(text)) throw new QueryError("InvalidAction", `${shown(text)} is not the name of an action.`);
  return text;
}

/** @throws QueryError InvalidAction */
function actionOf(service: QueryService, name: string, version: string | null): QueryAction {
  const action = version === queryVersions[service] ? findAction(service, name) : undefined;
  if (action !== undefined) return action;
  const reason = reasonUnserved(service, name);
  if (reason !== undefined) throw new QueryError("InvalidAction", `${name} is not served: ${reason}.`);
  const asked = version === null ? "NO_VERSION_SPECIFIED" : shown(version);
  throw new QueryError("InvalidAction", `Could not find operation ${name} for version ${asked}`);
}

/**
 * As at AWS, credentials of GetSessionToken call IAM with a second factor only, and of STS only what makes roles' sessions.
 * @throws QueryError InvalidClientTokenId
 */
function checkCaller({ service }: QueryAction, { caller }: ActionContext): void {
  const { temporary, role } = caller.principal;
  if (service === "iam" && temporary !== null && role !== "session" && !temporary.mfa) {
    throw new QueryError("InvalidClientTokenId");
  }
}

function contextOf(
  { askControl, clock, credentials, secondFactor, reader }: IamPortOptions,
  directory: Directory,
  policies: PolicyDirectory,
  { requestId, caller }: QueryRequest,
  refused: Refused,
): ActionContext {
  const context: ActionContext = {
    requestId,
    caller,
    accountId: caller.principal.account.accountId,
    directory,
    policies,
    clock,
    credentials,
    secondFactor,
    refresh: () => reader.refresh(),
    require: (permission, resource, conditions = {}) => {
      refused.missing = { permission, resource };
      require(context, permission, resource, conditions);
      refused.missing = null;
    },
    ask: async (type, message) => {
      const outcome = await askControl(type, message);
      reader.refresh();
      if (outcome.ok) return outcome.value;
      const { code, detail } = outcome;
      refused.isWritten = true;
      throw queryErrorOf(code, detail["Message"] ?? null) ?? new Error(`unknown error code ${code}`);
    },
  };
  return context;
}

/** @throws QueryError AccessDenied */
function authorise(action: QueryAction, input: unknown, context: ActionContext): void {
  if (typeof action.resource !== "function") return;
  context.require(action.action, action.resource(input, context), action.conditions(input, context));
}

function require(context: ActionContext, action: string, resource: string, conditions: Conditions): void {
  const { effect } = context.caller.allows(action, resource, conditions, null);
  if (effect === "Allow") return;
  const why =
    effect === "ExplicitDeny"
      ? "with an explicit deny in a policy"
      : `because no identity-based policy allows the ${action} action`;
  const { arn } = callerIdentity(context);
  throw new QueryError(
    "AccessDenied",
    `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`,
  );
}

const writers = new WeakMap<QueryAction, ReturnType<typeof compileAnswer>>();

function writerOf(action: QueryAction): ReturnType<typeof compileAnswer> {
  const known = writers.get(action);
  if (known !== undefined) return known;
  const writer = compileAnswer(action.service, action.name, action.output);
  writers.set(action, writer);
  return writer;
}

/** What is no refusal is a fault of this program: logged, and told without detail. */
function knownError(error: unknown, log: Log, requestId: string, action: string): QueryError {
  if (error instanceof QueryError) return error;
  if (error instanceof PolicyError) return new QueryError("MalformedPolicyDocument", error.message, { cause: error });
  const s3 = asS3Error(error);
  const known = s3 === null ? null : queryErrorOf(s3.code, s3.message);
  if (known !== null) return known;
  log.error({ requestId, action, error }, "an IAM request failed for a reason of our own");
  return new QueryError("InternalFailure");
}
