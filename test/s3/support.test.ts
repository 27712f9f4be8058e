/** What a real node says of itself to its operator, and where its S3 port leads when the console's port is the system's choice. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { limits } from "#src/base/limits.ts";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { sendSigned } from "../support/signed-request.ts";

const directory = mkdtempSync(join(tmpdir(), "troupe-support-"));
const mailPassword = "the-password-of-the-mail-server";
const bearerToken = "the-bearer-token-of-the-metrics";

test.after.always(() => rmSync(directory, { recursive: true }));

/** Polls until the node answers that it is ready. */
async function ready(endpoint: string): Promise<void> {
  for (let attempt = 0; attempt < 1200; attempt++) {
    const answer = await fetch(`${endpoint}/health/ready`).catch(() => null);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the node is not ready");
}

for (const implementation of ["uws", "node"]) {
  test(`R56: the diagnostics have what helps and nothing that is secret [${implementation}]`, async (t) => {
    const node = await NodeProcess.start({
      data: join(directory, `facts-${implementation}`),
      arguments: [
        `front.implementation=${implementation}`,
        "mail.host=127.0.0.1",
        "mail.port=9",
        "mail.from=troupe@example.com",
        "mail.user=troupe",
        `mail.password=${mailPassword}`,
        `metrics.bearerToken=${bearerToken}`,
      ].flatMap((setting) => ["--set", setting]),
    });
    const api = (method: string, target: string, body?: object) =>
      sendSigned(node.consoleEndpoint, {
        method,
        target: `/api/v1${target}`,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
    const contact = { contact: "help@example.com" };
    t.is((await api("PATCH", "/account", contact)).status, 200);
    const support = await api("GET", "/support");
    t.like(JSON.parse(support.body.toString()), { ...contact, mayDiagnose: true });
    const answer = await api("GET", "/support/diagnostics");
    t.is(answer.status, 200);
    t.regex(String(answer.headers["content-disposition"]), /^attachment; filename="[\w.-]+\.json"$/);
    const text = answer.body.toString();
    for (const secret of [mailPassword, bearerToken, testKeys.secretAccessKey, "a password of the suites"]) {
      t.false(text.includes(secret), secret);
    }
    const said = JSON.parse(text);
    t.is(said.versions.node, process.versions.node);
    t.regex(said.versions.troupe, /^\d+\.\d+\.\d+/);
    t.is(said.endpoint, node.endpoint);
    t.is(said.httpServer, implementation);
    t.true(said.isReady);
    t.true(said.threads.length > 0 && said.threads.every(({ isUp }: { isUp: boolean }) => isUp));
    t.true(said.disk.totalBytes > said.disk.freeBytes && said.disk.freeBytes > 0);
    t.is(said.config.mail.user, "troupe");
    t.regex(said.config.mail.password, /^\*+$/);
    t.is(said.limits.faultsKeptMax, limits.faultsKeptMax);
    t.true(Array.isArray(said.faults));
    t.is(await node.stop(), 0);
  });

  test(`with a console port of the system's choice, the S3 port leads to the one it got [${implementation}]`, async (t) => {
    const node = await NodeProcess.spawn({
      data: join(directory, `port-${implementation}`),
      arguments: ["--console", "127.0.0.1:0", "--set", `front.implementation=${implementation}`],
    });
    await ready(node.endpoint);
    const answer = await fetch(`${node.endpoint}/signin`, { redirect: "manual" });
    const origin = new URL(answer.headers.get("location") ?? "").origin;
    t.regex(origin, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    t.not(origin, node.consoleEndpoint);
    t.is((await fetch(`${origin}/health/ready`)).status, 200);
    const preflight = await fetch(`${node.endpoint}/bucket/key`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "PUT" },
    });
    t.is(preflight.headers.get("access-control-allow-origin"), origin);
    t.is(await node.stop(), 0);
  });
}

test("a mail that waits for its server survives kill -9, and goes out after the next start", async (t) => {
  const data = join(directory, "mails");
  const unreachable = ["mail.host=127.0.0.1", "mail.port=9", "mail.from=troupe@example.com"];
  const first = await NodeProcess.start({ data, arguments: unreachable.flatMap((setting) => ["--set", setting]) });
  const invited = await sendSigned(first.consoleEndpoint, {
    method: "POST",
    target: "/api/v1/users",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "ann@example.com" }),
  });
  t.is(invited.status, 201);
  const files = (folder: string, ending: string): string[] =>
    existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(ending)) : [];
  const until = async (holds: () => boolean, what: string): Promise<void> => {
    for (let attempt = 0; attempt < 1200 && !holds(); attempt++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    t.true(holds(), what);
  };
  const outbox = join(`${data}.mail`, "outbox");
  await until(() => files(outbox, ".mail").length === 1, "it is kept");
  await first.kill();
  // Without a mail server, mails are files.
  const second = await NodeProcess.start({ data });
  await until(() => files(`${data}.mail`, ".eml").length === 1 && files(outbox, ".mail").length === 0, "it went out");
  const [name = ""] = files(`${data}.mail`, ".eml");
  t.regex(readFileSync(join(`${data}.mail`, name), "utf8"), /^To: ann@example\.com/m);
  t.is(await second.stop(), 0);
});
