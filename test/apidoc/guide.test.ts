import test from "ava";
import { adminErrors } from "#src/admin/problem.ts";
import { adminRows } from "#src/admin/table.ts";
import { html } from "#src/apidoc/html.ts";
import { guidePage, tryItPage } from "#src/apidoc/pages.ts";
import type { GuidePlace } from "#src/apidoc/place.ts";
import { queryErrors } from "#src/iam/errors.ts";
import { queryActions } from "#src/iam/table.ts";
import { unservedActions } from "#src/iam/unserved-actions.ts";
import { operations } from "#src/operations/table.ts";
import { s3Errors } from "#src/s3/errors.ts";
import { reservedBucketNames } from "#src/s3/names.ts";

const place: GuidePlace = {
  port: "console",
  endpoint: "https://s3.example.com",
  consoleUrl: "https://console.example.com",
  region: "eu-central-9",
  version: "1.2.3",
};
const page = guidePage(place);

/** The row of a table that has this id. */
const rowOf = (text: string, id: string): string | undefined =>
  new RegExp(`<tr id="${id}">[\\s\\S]*?</tr>`).exec(text)?.[0];
const escaped = (text: string): string => html`${text}`.html;

test("every served S3 operation stands on the page with its request, permission and errors", (t) => {
  const served = operations.filter(({ handler }) => handler !== null);
  t.true(served.length >= 25);
  for (const { name, http, action, versionAction, errors } of served) {
    const row = rowOf(page, `s3-${name}`) ?? "";
    for (const part of [
      name,
      `<code>${http.method} /`,
      action,
      versionAction,
      ...errors.map((code) => `<code>${code}</code>`),
    ])
      t.true(row.includes(part), `${name}: ${part}`);
    t.true(row.includes(http.uri.split("?")[0]?.replace("{Key+}", "{Key}") ?? "?"), name);
  }
});

test("operations that are not served are listed as such, and not among the served", (t) => {
  const at = page.indexOf('id="s3-unserved"');
  const list = page.slice(at, page.indexOf("</p>", page.indexOf("<code>", page.indexOf('class="names"', at))));
  for (const { name, handler } of operations) {
    t.is(list.includes(`<code>${name}</code>`), handler === null, name);
    t.is(rowOf(page, `s3-${name}`) === undefined, handler === null, name);
  }
});

test("every IAM and STS action stands on the page with its permission and errors, and every other by its reason", (t) => {
  t.true(queryActions.length > 80);
  for (const { service, name, action, resource, errors } of queryActions) {
    const row = rowOf(page, `${service}-${name}`) ?? "";
    for (const part of [name, resource === "none" ? "none needed" : action, ...errors])
      t.true(row.includes(part), `${name}: ${part}`);
  }
  for (const { reason, names } of unservedActions) {
    t.true(page.includes(escaped(reason)), reason);
    for (const name of names) t.true(page.includes(`<code>${name}</code>`), name);
  }
});

test("every row of the admin API stands on the page with its request, what it does, who may and its errors", (t) => {
  t.true(adminRows.length > 80);
  for (const { name, method, path, summary, admits, errors } of adminRows) {
    const row = rowOf(page, `admin-${name}`) ?? "";
    const action = admits.action === null ? [] : [escaped(admits.action)];
    for (const part of [name, `<code>${method} /api/v1${path}</code>`, escaped(summary), ...action, ...errors])
      t.true(row.includes(part), `${name}: ${part}`);
  }
});

test("every error code of the three APIs stands on the page with its status and meaning", (t) => {
  for (const [prefix, table] of [
    ["error", s3Errors],
    ["query-error", queryErrors],
  ] as const) {
    for (const [code, { status, message }] of Object.entries(table)) {
      const row = rowOf(page, `${prefix}-${code}`) ?? "";
      for (const part of [code, `<td>${status}</td>`, escaped(message)]) t.true(row.includes(part), `${code}: ${part}`);
    }
  }
  for (const [code, { status, title }] of Object.entries(adminErrors)) {
    const row = rowOf(page, `problem-${code}`) ?? "";
    for (const part of [code, `<td>${status}</td>`, escaped(title)]) t.true(row.includes(part), `${code}: ${part}`);
  }
});

test("the reserved bucket names stand on the page", (t) => {
  const { names, prefixes, suffixes } = reservedBucketNames;
  const section = page.slice(page.indexOf('id="bucket-names"'), page.indexOf('id="errors"'));
  for (const word of [...names, ...prefixes, ...suffixes]) t.true(section.includes(`<code>${word}</code>`), word);
});

test("links within the page resolve, ids are unique, and nothing is loaded but files of the guide", (t) => {
  for (const text of [
    page,
    tryItPage(place),
    guidePage({ ...place, port: "s3" }),
    guidePage({ ...place, consoleUrl: null }),
  ]) {
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map((match) => match[1] ?? "");
    t.is(new Set(ids).size, ids.length);
    for (const [, target = ""] of text.matchAll(/href="#([^"]*)"/g)) t.true(ids.includes(target), target);
    for (const [, label = ""] of text.matchAll(/aria-labelledby="([^"]*)"/g)) t.true(ids.includes(label), label);
    const loaded = [...text.matchAll(/(?:src|<link [^>]*href)="([^"]*)"/g)].map((match) => match[1] ?? "");
    t.true(loaded.length > 2);
    for (const file of loaded) t.regex(file, /^(\/apidoc\/[a-z-]+\.(css|js)|data:,)$/);
    t.notRegex(text, /<style|\sstyle=|\son[a-z]+=|javascript:/);
    for (const [, attributes = ""] of text.matchAll(/<script([^>]*)>/g)) t.regex(attributes, / src=/);
  }
});

test("endpoint, region and console are the place's, and a node without a console has no admin API", (t) => {
  t.true(page.includes("endpoint_url=&quot;https://s3.example.com&quot;, region_name=&quot;eu-central-9&quot;"));
  t.true(page.includes("https://console.example.com/api/v1/me"));
  t.true(page.includes('href="/apidoc/try-it.html"'));
  t.true(guidePage({ ...place, port: "s3" }).includes('href="https://console.example.com/apidoc/try-it.html"'));
  const bare = guidePage({ ...place, consoleUrl: null });
  t.false(bare.includes("/api/v1"));
  t.true(bare.includes('id="s3-GetObject"'));
});

test("what is put into a page is escaped", (t) => {
  const hostile = "<b>\"'&";
  t.is(
    html`<p title="${hostile}">${hostile}</p>`.html,
    '<p title="&lt;b&gt;&quot;&#39;&amp;">&lt;b&gt;&quot;&#39;&amp;</p>',
  );
  t.false(guidePage({ ...place, endpoint: 'https://"><script>' }).includes('"><script>'));
});
