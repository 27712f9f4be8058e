/** What a node is asked first, before it has read anything of its own: each of these is the first request of a fresh node. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { outcome } from "../support/each-front.ts";
import { NodeProcess } from "../support/node-process.ts";
import { sendPlain } from "../support/signed-request.ts";

const tenantHost = { host: "s3.nobody.localhost" };

const firsts = [
  { name: "an unreadable query at a tenant's host", target: "/?%zz", headers: tenantHost, answer: "400 InvalidURI" },
  { name: "an unreadable query at a bucket", target: "/bucket?%zz", headers: {}, answer: "400 InvalidURI" },
  {
    name: "an unreadable key from another origin",
    target: "/bucket/%zz",
    headers: { origin: "http://example.com" },
    answer: "400 InvalidURI",
  },
  {
    name: "a tenant's host where buckets may have hosts of their own",
    target: "/key",
    headers: tenantHost,
    answer: "404 NoSuchBucket",
    settings: ["website.customHosts=true"],
  },
  { name: "the guide at a tenant's host", target: "/apidoc", headers: tenantHost, answer: "302" },
];

for (const { name, target, headers, answer, settings = [] } of firsts) {
  test(`a fresh node answers ${name}, and lives`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "troupe-first-"));
    t.teardown(() => rmSync(directory, { recursive: true }));
    const node = await NodeProcess.start({
      data: join(directory, "data"),
      arguments: settings.flatMap((setting) => ["--set", setting]),
    });
    t.teardown(() => node.signal("SIGKILL"));
    t.is(outcome(await sendPlain(node.endpoint, { method: "GET", target, headers })), answer);
    t.is(outcome(await sendPlain(node.endpoint, { method: "GET", target, headers })), answer, "and again");
    t.is(await node.stop(), 0);
  });
}
