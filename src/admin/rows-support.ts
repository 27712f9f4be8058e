/** Rows of the support page: whom to ask, what to read, and what a node says of itself. */

import { z } from "zod";
import type { AccountRecord } from "../control/identity-records.ts";
import type { AdminContext } from "./context.ts";
import { anyProof, declareAdmin } from "./declaration.ts";
import { diagnosticsForm } from "./diagnostics.ts";
import { nothing } from "./schemas.ts";

const group = "Support";

/** The account whose contact helps: the nearest above that names one; the operator, who has nobody above, itself. */
function helperOf({ reader }: AdminContext, account: AccountRecord): AccountRecord | null {
  let at = account.parent === null ? account : reader.account(account.parent);
  while (at !== undefined && at.contact === null && at.parent !== null) at = reader.account(at.parent);
  return at === undefined || at.contact === null ? null : at;
}

const guides = [
  { title: "API guide", url: "/apidoc/index.html" },
  { title: "Admin API (OpenAPI)", url: "/apidoc/openapi.json" },
] as const;

export const GetSupport = declareAdmin({
  name: "GetSupport",
  method: "GET",
  path: "/support",
  group,
  summary: "Whom to ask for help, and where the documentation is.",
  admits: { who: anyProof, role: "user", scope: "all", whileActing: true, action: null },
  params: nothing,
  query: nothing,
  body: null,
  reply: z.strictObject({
    contact: z
      .string()
      .nullable()
      .describe(
        "An e-mail address or URL of the reseller, or of the operator; its Root sets it with UpdateOwnAccount. null: neither names one.",
      ),
    from: z.string().nullable().describe("The name of the account that helps."),
    guides: z.array(z.strictObject({ title: z.string(), url: z.string().describe("On the console's own host.") })),
    mayDiagnose: z.boolean().describe("Whether the caller may ask for the diagnostics."),
  }),
  status: 200,
  errors: [],
}).handledBy(async (_input, context) => {
  const { account, role } = context.caller;
  const helper = helperOf(context, account);
  return {
    contact: helper?.contact ?? null,
    from: helper?.displayName ?? null,
    guides: guides.map(({ title, url }) => ({ title, url })),
    mayDiagnose: account.kind === "operator" && role === "root",
  };
});

export const GetDiagnostics = declareAdmin({
  name: "GetDiagnostics",
  method: "GET",
  path: "/support/diagnostics",
  group,
  summary:
    "What the node says of itself: versions, configuration, health, disk, recent errors. Nothing in it is secret.",
  admits: { who: anyProof, role: "root", kinds: ["operator"], scope: "all", whileActing: false, action: null },
  params: nothing,
  query: nothing,
  body: null,
  reply: diagnosticsForm,
  status: 200,
  errors: [],
}).handledBy(async (_input, context) => {
  context.setHeader("content-disposition", 'attachment; filename="troupe-diagnostics.json"');
  return context.services.diagnostics();
});
