import test from "ava";
import { openApiDocument } from "#src/admin/openapi.ts";
import { adminErrors } from "#src/admin/problem.ts";
import { adminRows } from "#src/admin/table.ts";

type Json = Readonly<Record<string, unknown>>;

const document = JSON.parse(JSON.stringify(openApiDocument(adminRows))) as Json;
const paths = document["paths"] as Record<string, Record<string, Json>>;

function* nodes(value: unknown): Generator<Json> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Json;
  for (const inner of Object.values(value)) yield* nodes(inner);
}

const resolve = (pointer: string): unknown =>
  pointer
    .slice(2)
    .split("/")
    .reduce<unknown>(
      (at, step) => (at as Json | undefined)?.[step.replaceAll("~1", "/").replaceAll("~0", "~")],
      document,
    );

test("every row is an operation of the document, and nothing else is", (t) => {
  const declared = adminRows.map(({ method, path }) => `${method} /api/v1${path}`).sort();
  const written = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  t.deepEqual(written.sort(), declared);
  t.true(declared.length > 80, `${declared.length} rows`);
  const ids = Object.values(paths).flatMap((item) => Object.values(item).map((row) => row["operationId"]));
  t.is(new Set(ids).size, ids.length, "each operation has a name of its own");
});

test("every reference resolves", (t) => {
  const references = [...nodes(document)].flatMap((node) => ("$ref" in node ? [String(node["$ref"])] : []));
  t.true(references.length > 0);
  for (const reference of references) {
    t.true(reference.startsWith("#/"), reference);
    t.not(resolve(reference), undefined, reference);
  }
});

test("an operation declares its path's labels, its body, its answers and who may call it", (t) => {
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, row] of Object.entries(item)) {
      const name = `${method} ${path}`;
      const parameters = row["parameters"] as Json[];
      const labels = parameters.filter((parameter) => parameter["in"] === "path").map((parameter) => parameter["name"]);
      t.deepEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort(), (labels as string[]).sort(), name);
      for (const parameter of parameters) t.true("$ref" in parameter || "schema" in parameter, name);
      const responses = row["responses"] as Json;
      t.true(
        Object.keys(responses).some((status) => status.startsWith("2")),
        name,
      );
      t.true("500" in responses, name);
      t.true(Array.isArray(row["security"]) && (row["security"] as unknown[]).length > 0, name);
      t.regex(String(row["summary"]), /^[A-Z].*\.$/, name);
      for (const requirement of row["security"] as Json[]) {
        for (const scheme of Object.keys(requirement)) {
          t.not(resolve(`#/components/securitySchemes/${scheme}`), undefined, scheme);
        }
      }
    }
  }
});

test("objects that are sent take no unknown members", (t) => {
  for (const { name, body } of adminRows) {
    if (body === null) continue;
    const row = Object.values(paths)
      .flatMap((item) => Object.values(item))
      .find((one) => one["operationId"] === name);
    const objects = [...nodes(row?.["requestBody"])].filter((node) => "properties" in node);
    for (const node of objects) t.is(node["additionalProperties"], false, name);
  }
});

test("every error of the table is declared by some row or can happen to any", (t) => {
  const text = JSON.stringify(paths);
  const beforeRows = ["MethodNotAllowed", "NoSuchPath"];
  for (const code of Object.keys(adminErrors)) {
    t.true(beforeRows.includes(code) || new RegExp(`\\b${code}\\b`).test(text), code);
  }
});
