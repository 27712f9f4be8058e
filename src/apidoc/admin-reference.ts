/** The guide's part on the admin API: its operations, problems and usage, from the table of rows. */

import type { AdminRow } from "../admin/declaration.ts";
import { rightsOf } from "../admin/openapi.ts";
import { adminErrors } from "../admin/problem.ts";
import { apiPrefix } from "../admin/router.ts";
import { adminRows } from "../admin/table.ts";
import { emptyDigest, signedCurl, tokenCurl } from "./curl.ts";
import { codes, type Html, html, noHtml, row, sample, table } from "./html.ts";
import type { GuidePlace } from "./place.ts";

const groups = [...new Set(adminRows.map(({ group }) => group))].sort();

const groupId = (group: string): string => `admin-${group.toLowerCase().replaceAll(" ", "-")}`;

const rowsOf = (wanted: string) =>
  adminRows
    .filter(({ group }) => group === wanted)
    .map((operation) =>
      row(
        `admin-${operation.name}`,
        html`${operation.name}`,
        html`<code>${operation.method} ${apiPrefix}${operation.path}</code>`,
        html`${operation.summary}`,
        html`${rightsOf(operation)}`,
        codes(operation.errors),
      ),
    );

const columns = ["Operation", "Request", "What it does", "Who may", "Errors beside the common ones"];

const problemRows = () =>
  Object.entries(adminErrors)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([code, { status, title }]) =>
      row(`problem-${code}`, html`<code>${code}</code>`, html`${status}`, html`${title}`),
    );

/** Problems name this part of the page, whatever the port. */
function problems(): Html {
  return html`<h3 id="admin-problems">Problems</h3>
<p>An error is <code>application/problem+json</code> (RFC 9457); <code>type</code> leads to its line here.</p>
${table("Problems of the admin API", ["Code", "Status", "Meaning"], problemRows())}
`;
}

const keyCurl = (place: GuidePlace, url: string): string => signedCurl(place, emptyDigest, [`"${url}"`]);

export function adminReference(place: GuidePlace): Html {
  const { consoleUrl, port } = place;
  if (consoleUrl === null) return noHtml;
  const tryIt = port === "console" ? "/apidoc/try-it.html" : `${consoleUrl}/apidoc/try-it.html`;
  return html`<section aria-labelledby="admin">
<h2 id="admin">Admin API</h2>
<p>Accounts, users, policies, keys, buckets, usage and the audit log as JSON, at
<code>${consoleUrl}${apiPrefix}</code>. Programs prove who they are by an API token or by a signature with an access key
(service <code>s3</code>); the console by its session. A POST may carry an <code>Idempotency-Key</code>.</p>
<p><a class="action" href="${tryIt}">Try it in the browser</a> with your console session or a token; the description for
programs is <a href="${consoleUrl}/apidoc/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<p>With an API token (<code>troupe token create</code>):</p>
${sample("sample-admin-token", tokenCurl(`${consoleUrl}${apiPrefix}/me`))}
<p>With an access key; the header is the sha256 of the body, here of none:</p>
${sample("sample-admin-key", keyCurl(place, `${consoleUrl}${apiPrefix}/me`))}
${groups.map(
  (group) => html`<h3 id="${groupId(group)}">${group}</h3>
${table(`Admin API: ${group}`, columns, rowsOf(group))}`,
)}
${problems()}</section>
${usage(place, consoleUrl)}`;
}

/** What of its query a row of usage is shown with, in the order of names: a signature covers it sorted. */
function exampleQuery({ query }: AdminRow): string {
  const takesDays = query.safeParse({ from: "2026-01-01", to: "2026-01-31" }).success;
  const examples = [
    ["format", "csv"],
    ["from", takesDays ? "$(date -u +%Y-%m-01)" : "$(date -u +%Y-%m-01T00:00:00Z)"],
    ["group", "day"],
    ["to", takesDays ? "$(date -u +%Y-%m-%d)" : "$(date -u +%Y-%m-%dT%H:%M:%SZ)"],
  ] as const;
  const taken = examples.filter(([name]) => Object.hasOwn(query.shape, name));
  return taken.length === 0 ? "" : `?${taken.map(([name, value]) => `${name}=${value}`).join("&")}`;
}

function usage(place: GuidePlace, consoleUrl: string): Html {
  const rows = adminRows.filter(({ method, path }) => method === "GET" && /^\/usage(\.csv)?$/.test(path));
  if (rows.length === 0) return noHtml;
  const samples = rows.map((operation) => {
    const url = `${consoleUrl}${apiPrefix}${operation.path}${exampleQuery(operation)}`;
    const id = `sample-usage-${operation.name}`;
    return html`<p>${operation.summary} With an API token (scope usage is enough), and with an access key:</p>
${sample(`${id}-token`, tokenCurl(url))}${sample(`${id}-key`, keyCurl(place, url))}`;
  });
  return html`<section aria-labelledby="usage">
<h2 id="usage">Usage</h2>
<p>Stored bytes, objects, traffic and requests by account, bucket and UTC day: the figures of the console's graphs. Both
lines ask for this month.</p>
${samples}
</section>
`;
}
