/** The guide's part on identities: IAM and STS by AWS's query protocol, from the table of actions. */

import { type QueryErrorCode, queryErrors } from "../iam/errors.ts";
import { queryActions } from "../iam/table.ts";
import { unservedActions } from "../iam/unserved-actions.ts";
import { codes, type Html, html, row, table } from "./html.ts";

const manuals = {
  iam: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_",
  sts: "https://docs.aws.amazon.com/STS/latest/APIReference/API_",
} as const;

const titles = { iam: "IAM actions", sts: "STS actions" } as const;

function actions(service: keyof typeof manuals): Html {
  const rows = queryActions
    .filter((action) => action.service === service)
    .map(({ name, action, resource, errors }) =>
      row(`${service}-${name}`, html`<a href="${manuals[service]}${name}.html" rel="noreferrer">${name}</a>`, [
        resource === "none" ? html`none needed` : html`<code>${action}</code>`,
        codes(errors),
      ]),
    );
  return table(titles[service], ["Action", "Permission", "Errors beside the common ones"], rows);
}

const unserved = (): readonly Html[] =>
  unservedActions.map(
    ({ service, reason, names }) => html`<li>${service.toUpperCase()}, since ${reason}: ${codes(names)}</li>
`,
  );

const errorRows = (): readonly Html[] =>
  (Object.keys(queryErrors) as QueryErrorCode[])
    .sort()
    .map((code) =>
      row(`query-error-${code}`, html`<code>${code}</code>`, [
        html`${queryErrors[code].status}`,
        html`${queryErrors[code].message}`,
      ]),
    );

export function iamReference(): Html {
  return html`<section aria-labelledby="iam">
<h2 id="iam">IAM and STS</h2>
<p>Users, groups, roles, policies, keys and temporary credentials by AWS's own APIs, at the S3 endpoint: clients that read
<code>AWS_ENDPOINT_URL</code> find them. Whoever calls acts in its own account.</p>
<h3 id="iam-actions">IAM</h3>
${actions("iam")}
<h3 id="sts-actions">STS</h3>
${actions("sts")}
<h3 id="iam-unserved">Not served</h3>
<ul class="names">
${unserved()}</ul>
<h3 id="iam-errors">Error codes</h3>
${table("IAM and STS error codes", ["Code", "Status", "Meaning"], errorRows())}
</section>
`;
}
