/** The guide's part on S3: addresses, signing, operations, errors and names, from the tables that serve the requests. */

import { limits } from "../base/limits.ts";
import type { Operation } from "../operations/context.ts";
import { operations } from "../operations/table.ts";
import { s3Errors } from "../s3/errors.ts";
import { reservedBucketNames } from "../s3/names.ts";
import { codes, type Html, html, row, table } from "./html.ts";

const manual = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_";

const byName = <T extends { readonly name: string }>(rows: readonly T[]): T[] =>
  [...rows].sort((one, other) => (one.name < other.name ? -1 : 1));

const served = byName(operations.filter(({ handler }) => handler !== null));
const unserved = byName(operations.filter(({ handler }) => handler === null));

/** The path as clients write it, with what tells the operation from others of the path. */
function request({ http, input }: Operation): Html {
  const required = Object.values(input.members)
    .filter(({ traits }) => traits.required && traits.httpQuery !== undefined)
    .map(({ traits }) => `${traits.httpQuery}=…`);
  const [path = "", words = ""] = http.uri.replace("{Key+}", "{Key}").split("?");
  const query = [...words.split("&").filter((word) => word !== "" && !word.startsWith("x-id=")), ...required].join("&");
  const header = http.requiresHeader === undefined ? [] : [html`<br>with header <code>${http.requiresHeader}</code>`];
  return html`<code>${http.method} ${path}${query === "" ? "" : `?${query}`}</code>${header}`;
}

function permission({ action, versionAction, authorisation }: Operation): Html {
  const versioned = versionAction === action ? [] : [html`<br><code>${versionAction}</code> of a version`];
  const items = authorisation === "items" ? [html`<br>for each object of the body`] : [];
  return html`<code>${action}</code>${versioned}${items}`;
}

const servedRows = (): readonly Html[] =>
  served.map((operation) =>
    row(
      `s3-${operation.name}`,
      html`<a href="${manual}${operation.name}.html" rel="noreferrer">${operation.name}</a>`,
      [request(operation), permission(operation), codes(operation.errors)],
    ),
  );

const errorRows = (): readonly Html[] =>
  Object.entries(s3Errors)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([code, { status, message }]) =>
      row(`error-${code}`, html`<code>${code}</code>`, [html`${status}`, html`${message}`]),
    );

export function s3Reference(): Html {
  const { names, prefixes, suffixes } = reservedBucketNames;
  return html`<section aria-labelledby="signing">
<h2 id="signing">Signing requests</h2>
<p>Requests are signed by AWS Signature Version 4 with service <code>s3</code>, in the <code>Authorization</code> header or in
the query (presigned URLs, at most ${limits.presignSecondsMax / 86_400} days). The clock of a client may differ by
${limits.clockSkewMs / 60_000} minutes. Bodies may be signed whole, in chunks, with a trailer, or be left out of the signature
(<code>UNSIGNED-PAYLOAD</code>). Temporary credentials of STS send their session token in
<code>x-amz-security-token</code>. Signature version 2 is taken unless the installation has switched it off.</p>
</section>
<section aria-labelledby="s3">
<h2 id="s3">S3 operations</h2>
<p>${served.length} of the ${operations.length} operations that AWS publishes are served. Names lead to AWS's own
description, which holds here too.</p>
${table("S3 operations", ["Operation", "Request", "Permission", "Errors beside the common ones"], servedRows())}
<h3 id="s3-unserved">Not served</h3>
<p>These are answered with 501 <code>NotImplemented</code> by their name:</p>
<p class="names">${codes(unserved.map(({ name }) => name))}</p>
</section>
<section aria-labelledby="bucket-names">
<h2 id="bucket-names">Bucket names</h2>
<p>AWS's rules hold: 3 to 63 lower-case letters, digits, dots and hyphens. Names are unique in the whole installation.
These are reserved, and CreateBucket refuses them with <code>InvalidBucketName</code>:</p>
<ul>
<li>the names ${codes(names)}, which are paths of this endpoint;</li>
<li>what begins with ${codes(prefixes)};</li>
<li>what ends with ${codes(suffixes)}.</li>
</ul>
</section>
<section aria-labelledby="errors">
<h2 id="errors">S3 error codes</h2>
<p>An error is an XML document with <code>Code</code>, <code>Message</code>, <code>RequestId</code> and what the code is
about. Ask for help with the request id: the log has it too.</p>
${table("S3 error codes", ["Code", "Status", "Meaning"], errorRows())}
</section>
`;
}
