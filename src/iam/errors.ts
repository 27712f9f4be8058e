/**
 * Errors of the IAM and STS query protocol: one row is one code.
 * Source: IAM API reference "Common Error Types" and the errors of its actions; STS API reference.
 */

interface QueryErrorRow {
  readonly status: number;
  readonly message: string;
}

/** What any request can be answered with, whatever its action. */
const commonErrors = {
  AccessDenied: { status: 403, message: "Access denied." },
  ExpiredToken: { status: 403, message: "The security token included in the request is expired" },
  IncompleteSignature: { status: 400, message: "The request signature does not conform to AWS standards." },
  InternalFailure: { status: 500, message: "The request processing has failed because of an unknown error." },
  InvalidAction: { status: 400, message: "The action or operation requested is not valid." },
  InvalidClientTokenId: { status: 403, message: "The security token included in the request is invalid." },
  InvalidQueryParameter: { status: 400, message: "The query string is malformed or does not adhere to standards." },
  MalformedInput: { status: 400, message: "The request's body cannot be read." },
  MalformedQueryString: { status: 400, message: "The query string contains a syntax error." },
  MissingAction: { status: 400, message: "The request is missing an action or a required parameter." },
  MissingAuthenticationToken: { status: 403, message: "Request is missing Authentication Token" },
  RequestEntityTooLarge: { status: 413, message: "The request's body is too large." },
  RequestExpired: { status: 400, message: "The request's time is too far from the server's." },
  ServiceUnavailable: { status: 503, message: "The request has failed due to a temporary failure of the server." },
  SignatureDoesNotMatch: {
    status: 403,
    message:
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
  },
  Throttling: { status: 400, message: "Rate exceeded" },
  ValidationError: { status: 400, message: "The input fails to satisfy the constraints of the service." },
} as const satisfies Record<string, QueryErrorRow>;

/** What rows name as their own. */
const actionErrors = {
  ConcurrentModification: { status: 409, message: "The entity was changed at the same time by another request." },
  DeleteConflict: { status: 409, message: "The entity cannot be deleted while others depend on it." },
  EntityAlreadyExists: { status: 409, message: "The entity already exists." },
  InvalidIdentityToken: { status: 400, message: "The web identity token that was passed could not be validated." },
  InvalidInput: { status: 400, message: "The input is not valid." },
  LimitExceeded: { status: 409, message: "A limit of the account would be exceeded." },
  MalformedPolicyDocument: { status: 400, message: "The policy document is malformed." },
  NoSuchEntity: { status: 404, message: "The entity cannot be found." },
  PackedPolicyTooLarge: { status: 400, message: "The session's policies do not fit." },
} as const satisfies Record<string, QueryErrorRow>;

export const queryErrors = { ...commonErrors, ...actionErrors };

export type ActionErrorCode = keyof typeof actionErrors;
export type QueryErrorCode = keyof typeof queryErrors;

/** A refusal of the query protocol. The message is shown to the client. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  readonly code: QueryErrorCode;

  constructor(code: QueryErrorCode, message: string = queryErrors[code].message, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get status(): number {
    return queryErrors[this.code].status;
  }
}

/** The codes of other parts of the product that mean a code here under another name. */
const aliases: ReadonlyMap<string, QueryErrorCode> = new Map([
  ["InvalidAccessKeyId", "InvalidClientTokenId"],
  ["InvalidToken", "InvalidClientTokenId"],
  ["RequestTimeTooSkewed", "RequestExpired"],
  ["AuthorizationHeaderMalformed", "IncompleteSignature"],
  ["AuthorizationQueryParametersError", "IncompleteSignature"],
  ["InvalidRequest", "IncompleteSignature"],
  ["InvalidArgument", "IncompleteSignature"],
  ["NotImplemented", "IncompleteSignature"],
  ["InvalidURI", "MalformedQueryString"],
  ["Throttled", "Throttling"],
  ["MaxMessageLengthExceeded", "RequestEntityTooLarge"],
  ["IncompleteBody", "MalformedInput"],
  ["RequestTimeout", "MalformedInput"],
]);

/**
 * An error of another part of the product in this protocol's words.
 * @param message shown to the client; the code's own text when null
 * @returns null for a code that has none here: a fault of this program
 */
export function queryErrorOf(code: string, message: string | null): QueryError | null {
  const known = Object.hasOwn(queryErrors, code) ? (code as QueryErrorCode) : aliases.get(code);
  return known === undefined ? null : new QueryError(known, message ?? undefined);
}
