/** A signed request of which anything is changed does not authenticate, and fails with S3's errors alone. */

import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { S3Error } from "../s3/errors.ts";
import {
  accessKeyId,
  lookup,
  nowMs,
  type Parts,
  presignedParts,
  requestOf,
  signedParts,
} from "./signing-client-fixture.ts";
import { authenticate } from "./sigv4.ts";

const byHeader = signedParts({
  method: "PUT",
  path: "/bucket/a%20key",
  query: "partNumber=1&uploadId=abc",
  headers: { "content-type": "text/plain", "x-amz-meta-a": "one two" },
});
const byQuery = presignedParts({ method: "PUT", path: "/bucket/a%20key" });

type Field = "method" | "path" | "query" | `header ${string}`;

function read(parts: Parts, field: Field): string {
  if (field === "method" || field === "path" || field === "query") return parts[field] ?? "";
  return parts.headers?.[field.slice(7)] ?? "";
}

function write(parts: Parts, field: Field, value: string): Parts {
  if (field === "method" || field === "path" || field === "query") return { ...parts, [field]: value };
  return { ...parts, headers: { ...parts.headers, [field.slice(7)]: value } };
}

/** Names of headers mean the same in any case. */
const lowerSignedHeaders = (text: string): string =>
  text.replace(/(?<=^SignedHeaders=|^X-Amz-SignedHeaders=).*/, (names) => names.toLowerCase());

/** What must be equal for a changed request to be the same request: the escapes decoded, spaces collapsed, words sorted. */
function meaning(parts: Parts): string {
  const decode = (text: string) => {
    const latin1 = text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    return latin1;
  };
  const words = (parts.query ?? "").split("&").filter((word) => word !== "");
  const query = words
    .map((word) => lowerSignedHeaders(decode(word.replaceAll("+", " ")).replace(/^[^=]*$/, "$&=")))
    .sort();
  const headers = Object.entries(parts.headers ?? {}).map(([name, value]) => {
    const clean = value.replace(/[ \t]+/g, " ").trim();
    return [
      name,
      name === "authorization"
        ? value
            .replace(/\s+/g, " ")
            .split(/ ?, ?/)
            .map((part) => lowerSignedHeaders(part.trim()))
            .join()
        : clean,
    ];
  });
  return JSON.stringify([parts.method, decode(parts.path ?? ""), query, headers]);
}

const mutations = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom("replace", "insert", "delete", "double"),
  char: fc.oneof(
    fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    fc.constantFrom("%", "+", "&", "=", "/", ";", ",", " ", "\t", "%2F", "%zz", "\ud800", "é"),
  ),
});

function mutate(text: string, { at, kind, char }: { at: number; kind: string; char: string }): string {
  const index = text.length === 0 ? 0 : at % text.length;
  const [before, rest] = [text.slice(0, index), text.slice(index)];
  switch (kind) {
    case "insert":
      return before + char + rest;
    case "delete":
      return before + rest.slice(1);
    case "double":
      return before + rest.slice(0, 1) + rest;
    default:
      return before + char + rest.slice(1);
  }
}

function check(t: ExecutionContext, original: Parts, fields: readonly Field[]): void {
  t.is(authenticate(requestOf(original), lookup, nowMs).accessKeyId, accessKeyId);
  fc.assert(
    fc.property(fc.constantFrom(...fields), fc.array(mutations, { minLength: 1, maxLength: 3 }), (field, changes) => {
      let value = read(original, field);
      for (const change of changes) value = mutate(value, change);
      const changed = write(original, field, value);
      try {
        authenticate(requestOf(changed), lookup, nowMs);
        return meaning(changed) === meaning(original);
      } catch (error) {
        return error instanceof S3Error && error.status >= 400 && error.status < 600;
      }
    }),
    { numRuns: 1000 },
  );
}

test("signed in the header", (t) => {
  const headers = Object.keys(byHeader.headers).map((name): Field => `header ${name}`);
  check(t, byHeader, ["method", "path", "query", ...headers, "header authorization", "header authorization"]);
});

test("signed in the query", (t) => {
  check(t, byQuery, ["method", "path", "query", "query", "query", "header host"]);
});

test("random headers and queries never throw another error than S3's", (t) => {
  const text = fc.string({ unit: "binary", maxLength: 60 });
  const authorization = fc.oneof(
    text,
    text.map((rest) => `AWS4-HMAC-SHA256 ${rest}`),
  );
  const query = fc.oneof(
    text,
    text.map((rest) => `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${rest}`),
  );
  fc.assert(
    fc.property(fc.option(authorization), query, text, (value, rawQuery, path) => {
      const headers = value === null ? { host: "h" } : { host: "h", authorization: value };
      const request = requestOf({ path: `/${path}`, query: rawQuery, headers });
      t.throws(() => authenticate(request, lookup, nowMs), { instanceOf: S3Error });
    }),
    { numRuns: 300 },
  );
});
