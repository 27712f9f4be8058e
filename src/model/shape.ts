/**
 * The shapes of the declaration language: what a value is, apart from where a request or answer carries it
 * (`member.ts`). Kinds and traits carry Smithy's names, so that they can be compared with AWS's published model.
 * Source: https://smithy.io/2.0/spec/index.html
 */

import type { ResponseBody } from "./http.ts";
import type { Member } from "./member.ts";
import type { RefusalCode } from "./refusal.ts";

export type TimestampFormat = "date-time" | "http-date";

export interface StringShape {
  readonly kind: "string";
}
export interface EnumShape<V extends string = string> {
  readonly kind: "enum";
  readonly values: readonly V[];
  /** The code that refuses another value in a header or query. */
  readonly refusal: RefusalCode;
  /** Values are taken in any case. */
  readonly ignoresCase?: true;
  /** Another value in a body is refused with InvalidArgument and this message; absent: with MalformedXML. */
  readonly bodyMessage?: string;
}
export interface IntegerShape {
  readonly kind: "integer";
  readonly min: number;
  readonly max: number;
}
export interface BooleanShape {
  readonly kind: "boolean";
}
export interface TimestampShape {
  readonly kind: "timestamp";
  /** null = http-date in headers and query, date-time in XML. */
  readonly format: TimestampFormat | null;
}
/** A body that is not held in memory: the handler of an upload reads it from its request, a download gives it. */
export interface StreamShape {
  readonly kind: "stream";
}
export interface ListShape<S extends Shape = Shape> {
  readonly kind: "list";
  readonly member: S;
  /** Element name of an item when the list is not flattened. */
  readonly memberName: string;
  /** Items may be null: places that another list fills (see `xmlInterleaved`). */
  readonly sparse?: true;
}
/** Pairs of a name's rest and its value, in order: only `x-amz-meta-*` has this shape. */
export interface MapShape {
  readonly kind: "map";
}
export interface StructureShape<M extends Members = Members> {
  readonly kind: "structure";
  readonly name: string;
  readonly members: M;
  /** Root element of a body that is this structure; its name when absent. */
  readonly xmlName?: string;
  /** The only member's text stands in the root element itself (GetBucketLocation). */
  readonly xmlUnwrapped?: true;
  /**
   * Flattened lists whose elements alternate in the order of their places, where all but one hold null. Clients that show
   * a history rely on the order across both kinds of elements.
   */
  readonly xmlInterleaved?: readonly string[];
  /** At most one member is present. */
  readonly union?: true;
  /** Members are messages of an event stream. */
  readonly eventStream?: true;
}

export type Shape =
  | StringShape
  | EnumShape
  | IntegerShape
  | BooleanShape
  | TimestampShape
  | StreamShape
  | ListShape
  | MapShape
  | StructureShape;

export interface Members {
  readonly [name: string]: Member;
}

/** The TypeScript type of a shape's value. Timestamps are Unix ms. */
type Value<S extends Shape> = S extends { kind: "string" }
  ? string
  : S extends { kind: "enum"; values: readonly (infer V)[] }
    ? V
    : S extends { kind: "integer" | "timestamp" }
      ? number
      : S extends { kind: "boolean" }
        ? boolean
        : S extends { kind: "stream" }
          ? Uint8Array | ResponseBody
          : S extends { kind: "map" }
            ? readonly (readonly [name: string, value: string])[]
            : S extends { kind: "list"; member: infer I extends Shape }
              ? readonly (S extends { sparse: true } ? Value<I> | null : Value<I>)[]
              : S extends { kind: "structure"; members: infer M extends Members }
                ? StructureValue<M>
                : never;

type RequiredNames<M extends Members> = {
  [K in keyof M]: M[K]["traits"]["required"] extends true ? K : never;
}[keyof M];

/** Required members are present; absent ones are `undefined`. */
export type StructureValue<M extends Members> = { readonly [K in RequiredNames<M>]: Value<M[K]["shape"]> } & {
  readonly [K in Exclude<keyof M, RequiredNames<M>>]?: Value<M[K]["shape"]> | undefined;
};

/** The value of a declared structure, by its constant: `ValueOf<typeof Owner>`. */
export type ValueOf<S extends Shape> = Value<S>;

const int32Max = 2 ** 31 - 1;

export const string = { kind: "string" } as const satisfies StringShape;
/** A signed 32-bit integer. */
export const integer = { kind: "integer", min: -int32Max - 1, max: int32Max } as const satisfies IntegerShape;
/** 0 to 2^31 - 1: counts and page sizes. */
export const natural = { kind: "integer", min: 0, max: int32Max } as const satisfies IntegerShape;
/** 0 to 2^53 - 1: sizes in bytes. */
export const long = { kind: "integer", min: 0, max: Number.MAX_SAFE_INTEGER } as const satisfies IntegerShape;
export const boolean = { kind: "boolean" } as const satisfies BooleanShape;
export const timestamp = { kind: "timestamp", format: null } as const satisfies TimestampShape;
/** A timestamp written as RFC 3339 wherever it stands. */
export const dateTime = { kind: "timestamp", format: "date-time" } as const satisfies TimestampShape;
/** A timestamp written as an HTTP date wherever it stands. */
export const httpDate = { kind: "timestamp", format: "http-date" } as const satisfies TimestampShape;
export const stream = { kind: "stream" } as const satisfies StreamShape;
export const map = { kind: "map" } as const satisfies MapShape;

/** One of `values`; another one is refused with InvalidArgument in headers and query, with MalformedXML in a body. */
export const enumeration = <const V extends string>(...values: readonly V[]): EnumShape<V> => ({
  kind: "enum",
  values,
  refusal: "InvalidArgument",
});

/** As `enumeration`, refused in headers and query with a code of its own. */
export const enumerationRefusedAs = <const V extends string>(
  refusal: RefusalCode,
  ...values: readonly V[]
): EnumShape<V> => ({ kind: "enum", values, refusal });

/** An enumeration whose values S3 takes in any case. */
export const ignoringCase = <const V extends string>(shape: EnumShape<V>): EnumShape<V> => ({
  ...shape,
  ignoresCase: true,
});

/** An enumeration of which another value is, in a body too, a wrong argument and no fault of the document. */
export const refusedInBody = <const V extends string>(bodyMessage: string, shape: EnumShape<V>): EnumShape<V> => ({
  ...shape,
  bodyMessage,
});

export const list = <const S extends Shape>(member: S, memberName = "member"): ListShape<S> => ({
  kind: "list",
  member,
  memberName,
});

/** As `list`, of which an item may be null. */
export const sparseList = <const S extends Shape>(member: S): ListShape<S> & { readonly sparse: true } => ({
  kind: "list",
  member,
  memberName: "member",
  sparse: true,
});

export const structure = <const M extends Members>(
  name: string,
  members: M,
  traits: Pick<StructureShape, "xmlName" | "xmlUnwrapped" | "xmlInterleaved"> = {},
): StructureShape<M> => ({ kind: "structure", name, members, ...traits });

/** A structure of which at most one member is present. */
export const union = <const M extends Members>(name: string, members: M): StructureShape<M> => ({
  kind: "structure",
  name,
  members,
  union: true,
});

/** A payload that is a sequence of messages; declared for the table's sake, not encoded. */
export const eventStream = <const M extends Members>(name: string, members: M): StructureShape<M> => ({
  kind: "structure",
  name,
  members,
  eventStream: true,
});
