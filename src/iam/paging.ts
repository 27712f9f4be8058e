/** Pages of IAM's listings: Marker, MaxItems, IsTruncated. A marker is the place that the page before ended at. */

import type { Page, PageRequest } from "../account/directory.ts";
import { limits } from "../base/limits.ts";
import { QueryError } from "./errors.ts";

export interface PageInput {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

export interface PageOutput {
  readonly IsTruncated: boolean;
  readonly Marker: string | undefined;
}

const writeMarker = (place: string): string => Buffer.from(place, "utf8").toString("base64url");

/** @throws QueryError ValidationError for a marker that is none of ours */
export function pageRequest({ Marker, MaxItems }: PageInput): PageRequest {
  const limit = MaxItems ?? limits.iamPageItems;
  if (Marker === undefined) return { after: "", limit };
  const after = Buffer.from(Marker, "base64url").toString("utf8");
  if (after !== "" && writeMarker(after) === Marker) return { after, limit };
  throw new QueryError("ValidationError", "The Marker is not valid: it must be the one of the page before.");
}

export function pageOutput({ next }: Page<unknown>): PageOutput {
  return { IsTruncated: next !== null, Marker: next === null ? undefined : writeMarker(next) };
}

/** A page of what is at hand whole, in the order of its names. */
export function pageOf<T>(all: readonly T[], input: PageInput, nameOf: (item: T) => string): Page<T> {
  const { after, limit } = pageRequest(input);
  const rest = all
    .map((item) => ({ item, name: nameOf(item) }))
    .filter(({ name }) => name > after)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const page = rest.slice(0, limit);
  const next = rest.length > limit ? (page.at(-1)?.name ?? null) : null;
  return { items: page.map(({ item }) => item), next };
}
