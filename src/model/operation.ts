/** One row per S3 operation: name, HTTP form, authorisation action, input, output and errors, with or without a handler. */

import type { Members, Shape, StructureShape, StructureValue } from "./shape.ts";

export type Method = "GET" | "HEAD" | "PUT" | "POST" | "DELETE";

/** What the path names: nothing, a bucket, or an object. */
export type Level = "service" | "bucket" | "object";

export interface HttpTrait {
  readonly method: Method;
  /** `/`, `/{Bucket}` or `/{Bucket}/{Key+}`, with the query words that every request for the operation has. */
  readonly uri: string;
  /** By the published model. */
  readonly status: number;
  /** What S3 itself answers where that is not what its model says. */
  readonly wireStatus?: number;
  /** A header, lower case, without which a request is another operation's. */
  readonly requiresHeader?: string;
  /** Another status when the named output member is present: a range is answered with 206. */
  readonly statusWith?: { readonly member: string; readonly status: number };
  /** The operation lives on a host of its own in AWS and is not routed here. */
  readonly endpoint?: string;
}

/** How the pipeline treats the request's body: ignores it, reads it whole (bounded) for `decodeInput`, or leaves it to the handler. */
export type BodyUse = "none" | "xml" | "stream";

/** An IAM action. */
export type Action = `s3:${string}` | `s3express:${string}` | `s3-object-lambda:${string}`;

/**
 * Who judges the action before the handler runs.
 * - resource: the pipeline, on the bucket or object in the path.
 * - items: the handler, on each item of the body (DeleteObjects); the pipeline judges nothing but the signature.
 */
type Authorisation = "resource" | "items";

/** What a row declares. */
export interface Declaration<N extends string, I extends Members, O extends Members, E extends string> {
  readonly name: N;
  readonly http: HttpTrait;
  readonly action: Action;
  /** Judged instead when the request names a version. */
  readonly versionAction?: Action;
  readonly authorisation?: Authorisation;
  /** The bucket in the path does not exist yet (CreateBucket): the pipeline does not resolve it. */
  readonly createsBucket?: true;
  /** The bucket in the path may be half deleted already (DeleteBucket): a repeat goes on where the last one was cut off. */
  readonly deletesBucket?: true;
  /** By the published model clients send Content-MD5 or a checksum of the body. */
  readonly requiresBodyDigest?: true;
  readonly input: StructureShape<I>;
  readonly output: StructureShape<O>;
  /** S3 codes beyond those any request can have. */
  readonly errors: readonly E[];
}

/** A row as router, pipeline, encoders and tests see it. Input and output are erased; only the row itself knows them. */
export interface AnyOperation<C = never> {
  readonly name: string;
  readonly http: HttpTrait;
  readonly action: Action;
  readonly versionAction: Action;
  readonly authorisation: Authorisation;
  readonly createsBucket: boolean;
  readonly deletesBucket: boolean;
  readonly requiresBodyDigest: boolean;
  readonly level: Level;
  readonly readsBody: BodyUse;
  readonly input: StructureShape;
  readonly output: StructureShape;
  readonly errors: readonly string[];
  /** null: declared, not served; the answer is 501 NotImplemented. */
  readonly handler: ((input: unknown, context: C) => Promise<unknown>) | null;
}

/** A complete row; `handledBy` makes the served one. */
export interface Declared<C, I extends Members, O extends Members> extends AnyOperation<C> {
  handledBy(handler: (input: StructureValue<I>, context: C) => Promise<StructureValue<O>>): AnyOperation<C>;
}

/** The level that a declared URI names. */
const levelOf = (uri: string): Level => {
  const path = uri.split("?", 1)[0] ?? "";
  if (path.includes("{Key+}")) return "object";
  return path.includes("{Bucket}") ? "bucket" : "service";
};

const isWhole = (shape: Shape): boolean => shape.kind === "structure" || shape.kind === "string";

const bodyUseOf = (input: StructureShape): BodyUse => {
  let use: BodyUse = "none";
  for (const { shape, traits } of Object.values(input.members)) {
    const elsewhere =
      traits.httpLabel ?? traits.hostLabel ?? traits.httpHeader ?? traits.httpQuery ?? traits.httpPrefixHeaders;
    if (elsewhere !== undefined) continue;
    if (shape.kind === "stream") return "stream";
    if (traits.httpPayload === undefined || isWhole(shape)) use = "xml";
  }
  return use;
};

/**
 * The declaring function for handlers of one context type.
 * @param judge runs before every handler; a throw is the request's answer
 * Handlers come in a second call, so that they are checked against shapes that are already known: enumeration literals
 * in their results are then not widened to string.
 */
export const operationDeclarer =
  <C, E extends string>(judge: (row: AnyOperation<C>, context: C) => void = () => {}) =>
  <const N extends string, const I extends Members, const O extends Members>(
    declaration: Declaration<N, I, O, E>,
  ): Declared<C, I, O> => {
    const row: AnyOperation<C> = {
      authorisation: "resource",
      versionAction: declaration.action,
      ...declaration,
      createsBucket: declaration.createsBucket ?? false,
      deletesBucket: declaration.deletesBucket ?? false,
      requiresBodyDigest: declaration.requiresBodyDigest ?? false,
      level: levelOf(declaration.http.uri),
      readsBody: bodyUseOf(declaration.input),
      handler: null,
    };
    return {
      ...row,
      handledBy: (handler) => ({
        ...row,
        handler: (input, context) => {
          judge(row, context);
          // The decoder made the input from the row's own shape: here, and only here, its type is known again.
          return handler(input as StructureValue<I>, context);
        },
      }),
    };
  };
