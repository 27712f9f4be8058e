/** Makes the OpenAPI 3.1 document of the admin API from its rows. Source: https://spec.openapis.org/oas/v3.1.1.html */

import { z } from "zod";
import type { AdminRow, Proof } from "./declaration.ts";
import { csrfHeader } from "./origin.ts";
import { type AdminErrorCode, adminErrors } from "./problem.ts";
import { apiPrefix } from "./router.ts";

type Json = Readonly<Record<string, unknown>>;

/** Codes that any request can have, by what the row takes. */
function codesOf(row: AdminRow): readonly AdminErrorCode[] {
  const proofs: AdminErrorCode[] = row.admits.who.includes("none")
    ? []
    : ["NotSignedIn", "SecondFactorRequired", "AccessDenied"];
  const bodies: AdminErrorCode[] =
    row.body === null ? [] : ["MalformedJson", "PayloadTooLarge", "RequestTimeout", "UnsupportedMediaType"];
  const changes: AdminErrorCode[] = row.method === "GET" ? [] : ["CrossSiteRequest"];
  const repeats: AdminErrorCode[] = row.isIdempotent ? ["IdempotencyMismatch", "AlreadyDone"] : [];
  const always: AdminErrorCode[] = ["InvalidInput", "InternalError", "ServiceUnavailable"];
  return [...new Set([...proofs, ...bodies, ...changes, ...repeats, ...always, ...row.errors])];
}

function problems(row: AdminRow): Json {
  const byStatus = new Map<number, AdminErrorCode[]>();
  for (const code of codesOf(row)) {
    const { status } = adminErrors[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const answers = [...byStatus].sort(([one], [other]) => one - other);
  return Object.fromEntries(
    answers.map(([status, codes]) => [
      String(status),
      {
        description: codes.sort().join(", "),
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    ]),
  );
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _dialect, ...made } = z.toJSONSchema(schema, { io }) as Record<string, unknown>;
  return made;
}

function parameters(row: AdminRow): Json[] {
  const of = (schema: z.ZodType, where: "path" | "query"): Json[] => {
    const { properties = {}, required = [] } = schemaOf(schema, "input") as {
      properties?: Readonly<Record<string, Json>>;
      required?: readonly string[];
    };
    return Object.entries(properties).map(([name, { description, ...rest }]) => ({
      name,
      in: where,
      required: where === "path" || required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    }));
  };
  const headers: Json[] = row.isIdempotent ? [{ $ref: "#/components/parameters/IdempotencyKey" }] : [];
  return [...of(row.params, "path"), ...of(row.query, "query"), ...headers];
}

const securityOf: Readonly<Record<Exclude<Proof, "none" | "half" | "local">, Json>> = {
  session: { cookie: [], csrf: [] },
  token: { token: [] },
  sigv4: { sigv4: [] },
};

function security({ admits }: AdminRow): Json[] {
  if (admits.who.includes("none")) return [{}];
  return admits.who.flatMap((proof) =>
    proof === "none" || proof === "local" ? [] : [securityOf[proof === "half" ? "session" : proof]],
  );
}

function success({ reply, summary }: AdminRow): Json {
  if (reply === null) return { description: "Done." };
  return { description: summary, content: contentOf(reply) };
}

function contentOf(reply: NonNullable<AdminRow["reply"]>): Json {
  const text = { schema: { type: "string" } };
  const json = (schema: z.ZodType): Json => ({ "application/json": { schema: schemaOf(schema, "output") } });
  if (!("kind" in reply)) return json(reply);
  if (reply.kind === "json or csv") return { ...json(reply.json), "text/csv": text };
  return { [reply.contentType.split(";", 1)[0] ?? ""]: text };
}

/** Who may call a row, as sentences. */
export function rightsOf({ admits }: AdminRow): string {
  if (admits.who.includes("none")) return "Anybody may call it.";
  const role = admits.role === "user" ? "" : ` Role: ${admits.role} at least.`;
  const kinds = admits.kinds === undefined ? "" : ` Accounts: ${admits.kinds.join(", ")}.`;
  const token = admits.who.includes("token") ? ` API tokens of scope ${admits.scope} at least.` : "";
  const action = admits.action === null ? "" : ` Users need a policy that allows \`${admits.action}\`.`;
  return `Proof: ${admits.who.join(", ")}.${role}${kinds}${token}${action}`;
}

function operation(row: AdminRow): Json {
  return {
    operationId: row.name,
    tags: [row.group],
    summary: row.summary,
    description: rightsOf(row),
    parameters: parameters(row),
    ...(row.body === null
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: schemaOf(row.body, "input") } } } }),
    responses: { [String(row.status)]: success(row), ...problems(row) },
    security: security(row),
  };
}

const problemSchema = z.strictObject({
  type: z.string().describe("Where the code is explained."),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  code: z.enum(Object.keys(adminErrors) as [AdminErrorCode, ...AdminErrorCode[]]),
  requestId: z.string(),
  errors: z
    .array(z.strictObject({ pointer: z.string(), detail: z.string() }))
    .optional()
    .describe("Faults of the input: a JSON pointer into the body, ?name for the query, {name} for the path."),
});

/** Plain data; the same for the same rows. */
export function openApiDocument(rows: readonly AdminRow[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const row of rows) {
    const path = `${apiPrefix}${row.path}`;
    paths[path] = { ...paths[path], [row.method.toLowerCase()]: operation(row) };
  }
  return {
    openapi: "3.1.1",
    info: { title: "Troupe admin API", version: "1", license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/" }],
    tags: [...new Set(rows.map(({ group }) => group))].sort().map((name) => ({ name })),
    paths,
    components: {
      schemas: { Problem: schemaOf(problemSchema, "output") },
      parameters: {
        IdempotencyKey: {
          name: "Idempotency-Key",
          in: "header",
          required: false,
          description: "A repeat within 24 hours gets the first answer and does nothing twice.",
          schema: { type: "string", minLength: 1, maxLength: 255 },
        },
      },
      securitySchemes: {
        cookie: { type: "apiKey", in: "cookie", name: "__Host-troupe" },
        csrf: { type: "apiKey", in: "header", name: csrfHeader },
        token: { type: "http", scheme: "bearer" },
        sigv4: {
          type: "apiKey",
          in: "header",
          name: "Authorization",
          description: "AWS Signature Version 4, service s3.",
        },
      },
    },
  };
}
