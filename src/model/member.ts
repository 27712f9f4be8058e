/** Where a request or answer carries a member of a structure: label, query, header, payload or body, with Smithy's trait names. */

import type { RefusalCode } from "./refusal.ts";
import type { MapShape, Shape } from "./shape.ts";

export interface Traits<R extends boolean = boolean> {
  readonly required: R;
  readonly httpLabel?: true;
  /** Part of the host name (WriteGetObjectResponse). */
  readonly hostLabel?: true;
  /** As the model spells it; compared without regard to case. */
  readonly httpHeader?: string;
  readonly httpQuery?: string;
  readonly httpPrefixHeaders?: string;
  readonly httpPayload?: true;
  readonly xmlName?: string;
  readonly xmlFlattened?: true;
  readonly xmlAttribute?: true;
  /** A namespace declared on this element. */
  readonly xmlNamespace?: { readonly prefix: string; readonly uri: string };
  readonly eventPayload?: true;
  /** What a payload that its shape does not hold is refused with, instead of MalformedXML. */
  readonly malformedAs?: RefusalCode;
}

export interface Member<S extends Shape = Shape, R extends boolean = boolean> {
  readonly shape: S;
  readonly traits: Traits<R>;
}

interface Requirable {
  readonly required?: boolean;
}
type Required<O extends Requirable> = O extends { readonly required: true } ? true : false;
type BodyTraits = Pick<
  Traits,
  "xmlName" | "xmlFlattened" | "xmlAttribute" | "xmlNamespace" | "eventPayload" | "hostLabel"
>;

const member = <S extends Shape, O extends Requirable>(
  shape: S,
  traits: Omit<Traits, "required">,
  options: O | undefined,
): Member<S, Required<O>> => ({
  shape,
  traits: { ...traits, required: (options?.required ?? false) as Required<O> },
});

/** A part of the path: `{Bucket}` or `{Key+}`. */
export const label = <const S extends Shape>(shape: S): Member<S, true> =>
  member(shape, { httpLabel: true }, { required: true });

/** A query parameter. A required one takes part in routing. */
export const query = <const S extends Shape, const O extends Requirable = Record<never, never>>(
  httpQuery: string,
  shape: S,
  options?: O,
): Member<S, Required<O>> => member(shape, { httpQuery }, options);

/** A header; a list is written with commas. */
export const header = <const S extends Shape, const O extends Requirable = Record<never, never>>(
  httpHeader: string,
  shape: S,
  options?: O,
): Member<S, Required<O>> => member(shape, { httpHeader }, options);

/** Every header that begins so, without the prefix. */
export const prefixHeaders = (httpPrefixHeaders: string, shape: MapShape): Member<MapShape, false> =>
  member(shape, { httpPrefixHeaders }, {});

/** The whole body. */
export const payload = <
  const S extends Shape,
  const O extends Requirable & Pick<Traits, "xmlName" | "malformedAs"> = Record<never, never>,
>(
  shape: S,
  options?: O,
): Member<S, Required<O>> => {
  const { required: _required, ...traits }: Requirable & Pick<Traits, "xmlName" | "malformedAs"> = options ?? {};
  return member(shape, { httpPayload: true, ...traits }, options);
};

/** An element of the XML body. */
export const body = <const S extends Shape, const O extends Requirable & BodyTraits = Record<never, never>>(
  shape: S,
  options?: O,
): Member<S, Required<O>> => {
  const { required: _required, ...traits }: Requirable & BodyTraits = options ?? {};
  return member(shape, traits, options);
};
