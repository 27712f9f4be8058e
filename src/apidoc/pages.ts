/** The guide's pages, whole. Pure: the same for the same place. */

import { adminReference } from "./admin-reference.ts";
import { gettingStarted } from "./getting-started.ts";
import { type Html, html } from "./html.ts";
import { iamReference } from "./iam-reference.ts";
import type { GuidePlace } from "./place.ts";
import { s3Reference } from "./s3-reference.ts";

interface Layout {
  readonly title: string;
  readonly styles: readonly string[];
  readonly scripts: readonly string[];
  readonly navigation: Html;
  readonly main: Html;
}

function layout({ endpoint, version, region }: GuidePlace, parts: Layout): string {
  const { title, styles, scripts, navigation, main } = parts;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="data:,">
${styles.map((file) => html`<link rel="stylesheet" href="/apidoc/${file}">\n`)}${scripts.map((file) => html`<script src="/apidoc/${file}" defer></script>\n`)}</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<h1>${title}</h1>
<p>Troupe ${version} · S3 endpoint <code>${endpoint}</code> · region <code>${region}</code></p>
</header>
<div class="page">
<nav aria-label="Contents"><ul>
${navigation}</ul></nav>
<main id="content">
${main}</main>
</div>
</body>
</html>
`;
  return page.html;
}

const link = ([id, title]: readonly [string, string]): Html => html`<li><a href="#${id}">${title}</a></li>
`;

/** `/apidoc/index.html` */
export function guidePage(place: GuidePlace): string {
  const admin = adminReference(place);
  const parts: (readonly [string, string])[] = [
    ["start", "Getting started"],
    ["signing", "Signing requests"],
    ["s3", "S3 operations"],
    ["bucket-names", "Bucket names"],
    ["errors", "S3 error codes"],
    ["iam", "IAM and STS"],
  ];
  if (admin.html.includes('id="admin"')) parts.push(["admin", "Admin API"]);
  if (admin.html.includes('id="usage"')) parts.push(["usage", "Usage"]);
  return layout(place, {
    title: "API guide",
    styles: ["guide.css"],
    scripts: ["guide.js"],
    navigation: html`${parts.map(link)}`,
    main: html`${gettingStarted(place)}${s3Reference()}${iamReference()}${admin}`,
  });
}

/** `/apidoc/try-it.html` of the console port. */
export function tryItPage(place: GuidePlace): string {
  return layout(place, {
    title: "Admin API: try it",
    styles: ["swagger-ui.css", "guide.css"],
    scripts: ["swagger-ui-bundle.js", "try-it.js"],
    navigation: html`<li><a href="/apidoc/index.html">API guide</a></li>
`,
    main: html`<p>Requests go to this node and do what they say. A console session in this browser counts; else choose
Authorize and give an API token.</p>
<div id="explorer" class="explorer"></div>
<noscript><p>The explorer needs JavaScript; the <a href="/apidoc/index.html#admin">guide</a> does not.</p></noscript>
`,
  });
}
