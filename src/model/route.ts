/** The router, compiled from the declared rows: which operation a method, level, query and headers mean. */

import { assert } from "../base/assert.ts";
import type { AnyOperation, Level } from "./operation.ts";
import { Refusal } from "./refusal.ts";

interface Route<C> {
  readonly operation: AnyOperation<C>;
  /** Words of the URI: all must be there; with a value, the value too. */
  readonly literals: readonly (readonly [word: string, value: string | null])[];
  /** Required query members: without the URI's words they alone tell the row. */
  readonly required: readonly string[];
  readonly header: string | null;
  /** Literal words and required members: more make a row more specific. */
  readonly words: number;
}

/**
 * @returns the operation, or null when the method means nothing on this level, or on the sub-resource that the query names
 * @throws Refusal InvalidArgument when the query names two sub-resources, of whatever level: a request is about one
 */
export type Router<C> = (
  method: string,
  level: Level,
  query: ReadonlyMap<string, string>,
  hasHeader: (name: string) => boolean,
) => AnyOperation<C> | null;

/** Query words of a declared URI. `x-id` only names the operation for logs and routes nothing. */
const literalWords = (uri: string): (readonly [word: string, value: string | null])[] => {
  const words = uri.split("?")[1] ?? "";
  return words
    .split("&")
    .filter((word) => word !== "" && !word.startsWith("x-id="))
    .map((word) => {
      const [name = "", value = null] = word.split("=");
      return [name, value] as const;
    });
};

const routeOf = <C>(operation: AnyOperation<C>): Route<C> => {
  const literals = literalWords(operation.http.uri);
  const required = Object.values(operation.input.members)
    .filter(({ traits }) => traits.required && traits.httpQuery !== undefined)
    .map(({ traits }) => traits.httpQuery ?? "");
  return {
    operation,
    literals,
    required,
    header: operation.http.requiresHeader ?? null,
    words: literals.length + required.length,
  };
};

const signature = <C>({ operation, literals, required, header }: Route<C>): string => {
  const words = [...literals.map(([word, value]) => (value === null ? word : `${word}=${value}`)), ...required].sort();
  return `${operation.http.method} ${operation.level} ?${words.join("&")} ${header ?? ""}`;
};

const hasLiterals = <C>(route: Route<C>, query: ReadonlyMap<string, string>): boolean =>
  route.literals.every(([word, value]) => {
    const given = query.get(word);
    return given !== undefined && (value === null || given === value);
  });

const bySpecificity = <C>(a: Route<C>, b: Route<C>): number =>
  b.words - a.words || Number(b.header !== null) - Number(a.header !== null);

/** True when some word of the row is in the query, though not all that it requires. */
const isMeant = <C>(route: Route<C>, query: ReadonlyMap<string, string>): boolean =>
  route.literals.length > 0 || route.required.some((word) => query.has(word));

/**
 * Picks among the rows of one method and level, most specific first.
 * A row of which only a part of the required members is there is taken before a row without words: PUT with an uploadId
 * but no partNumber is a faulty UploadPart, never a PutObject. The decoder then names what is missing.
 */
const pick = <C>(
  routes: readonly Route<C>[],
  query: ReadonlyMap<string, string>,
  hasHeader: (name: string) => boolean,
): AnyOperation<C> | null => {
  const fitting = routes.filter(
    (route) => (route.header === null || hasHeader(route.header)) && hasLiterals(route, query),
  );
  const whole = fitting.find((route) => route.required.every((word) => query.has(word)));
  if (whole !== undefined && whole.words > 0) return whole.operation;
  return (fitting.find((route) => isMeant(route, query)) ?? whole)?.operation ?? null;
};

/**
 * Methods that never fall through from a sub-resource to what it is a part of: `DELETE /bucket/key?acl`, which no row
 * declares, does not mean the object. Source: AWS "Error responses", MethodNotAllowed.
 */
const changing: ReadonlySet<string> = new Set(["DELETE", "POST", "PUT"]);

/** By level, the query words that some method gives a meaning of their own. */
const subresourcesOf = <C>(operations: readonly AnyOperation<C>[]): ReadonlyMap<Level, ReadonlySet<string>> =>
  new Map(
    (["service", "bucket", "object"] as const).map((level) => {
      const rows = operations.filter((operation) => operation.level === level && operation.http.endpoint === undefined);
      const words = rows.flatMap(({ http }) => literalWords(http.uri)).filter(([, value]) => value === null);
      return [level, new Set(words.map(([word]) => word))];
    }),
  );

/** Words that alone name what a request is about, on any level: those of the URIs, and uploadId. */
const namingWords = <C>(routes: readonly Route<C>[]): ReadonlySet<string> =>
  new Set([
    ...routes.flatMap(({ literals }) => literals.filter(([, value]) => value === null).map(([word]) => word)),
    ...routes.flatMap(({ literals, required }) => (literals.length === 0 && required.length === 1 ? required : [])),
  ]);

/** Named in alphabetical order, whatever order they came in. */
const refuseConflict = (naming: ReadonlySet<string>, query: ReadonlyMap<string, string>): void => {
  const named: string[] = [];
  for (const word of query.keys()) if (naming.has(word)) named.push(word);
  if (named.length < 2) return;
  named.sort();
  throw new Refusal("InvalidArgument", {
    Message: `Conflicting query string parameters: ${named.join(", ")}`,
    ArgumentName: "ResourceType",
    ArgumentValue: named[0] ?? "",
  });
};

/**
 * Compiles the table. Rows with an endpoint of their own are left out. O(rows of a level) per request.
 * @throws AssertionError when two rows accept the same request
 */
export const compileRoutes = <C>(operations: readonly AnyOperation<C>[]): Router<C> => {
  const table = new Map<string, Route<C>[]>();
  const seen = new Map<string, string>();
  for (const operation of operations) {
    if (operation.http.endpoint !== undefined) continue;
    const route = routeOf(operation);
    const signed = signature(route);
    const clash = seen.get(signed);
    assert(clash === undefined, `${operation.name} and ${clash} accept the same request: ${signed}`);
    seen.set(signed, operation.name);
    const group = `${operation.http.method} ${operation.level}`;
    const routes = table.get(group);
    if (routes === undefined) table.set(group, [route]);
    else routes.push(route);
  }
  const bare = new Map<string, readonly Route<C>[]>();
  for (const [group, routes] of table) {
    routes.sort(bySpecificity);
    bare.set(
      group,
      routes.filter((route) => route.words === 0),
    );
  }
  const subresources = subresourcesOf(operations);
  const naming = namingWords([...table.values()].flat());
  const wordless = new Set([...bare.values()].flatMap((routes) => routes.map(({ operation }) => operation)));
  return (method, level, query, hasHeader) => {
    // Most requests have no query but x-id: one or two rows remain, told apart by a header.
    const isBare = query.size === 0 || (query.size === 1 && query.has("x-id"));
    if (query.size > 1) refuseConflict(naming, query);
    const found = pick((isBare ? bare : table).get(`${method} ${level}`) ?? [], query, hasHeader);
    if (isBare || found === null || !changing.has(method) || !wordless.has(found)) return found;
    const words = subresources.get(level);
    for (const word of query.keys()) if (words?.has(word)) return null;
    return found;
  };
};
