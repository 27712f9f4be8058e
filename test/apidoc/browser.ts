/**
 * The API guide as people use it, on both HTTP servers: its pages in Chromium with the outside network blocked, and its lines
 * of curl, copied and run; and what Chromium lets pages of other origins do. Needs Chromium and curl (`TROUPE_CHROMIUM` names another binary; `--shots DIR` keeps pictures).
 */

import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { adminRows } from "#src/admin/table.ts";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { CannotRun, runSuite, type SuiteContext } from "../support/suite.ts";
import { crossOrigin } from "./cross-origin.ts";

const email = "root@example.com";
const password = "a password of the suites";
const looks = [
  { width: 375, theme: "light" },
  { width: 1280, theme: "dark" },
] as const;

function find(program: string): string {
  const { stdout, status } = spawnSync("which", [program], { encoding: "utf8" });
  if (status !== 0) throw new CannotRun(`${program} is not installed`);
  return stdout.trim();
}

/** What a page did that it must not: violations of its policy, errors, and requests to elsewhere. */
class Watch {
  readonly faults: string[] = [];
  readonly requests: string[] = [];

  async over(context: BrowserContext, origin: string): Promise<void> {
    await context.exposeFunction("tellFault", (text: string) => this.faults.push(text));
    await context.addInitScript(`addEventListener("securitypolicyviolation", (event) =>
      tellFault("policy: " + event.effectiveDirective + " " + event.blockedURI + " " + event.sourceFile + ":" + event.lineNumber));`);
    await context.route("**/*", (route) => {
      const url = route.request().url();
      this.requests.push(url);
      if (new URL(url).origin === origin) return route.continue();
      this.faults.push(`outside: ${url}`);
      return route.abort();
    });
    context.on("weberror", (error) => this.faults.push(`error: ${error.error().message}`));
    context.on("console", (message) => {
      // A refused sign-in is meant to be one, and browsers log every such answer.
      if (message.type() === "error" && !/status of 40[13]/.test(message.text())) this.faults.push(message.text());
    });
    context.on("requestfailed", (request) =>
      this.faults.push(`failed: ${request.url()} ${request.failure()?.errorText}`),
    );
  }
}

interface Visit {
  readonly suite: SuiteContext;
  readonly browser: Browser;
  readonly node: NodeProcess;
  readonly name: string;
  readonly shots: string | null;
}

async function look({ suite, browser, shots, name }: Visit, url: string, ready: (page: Page) => Promise<void>) {
  for (const { width, theme } of looks) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme });
    const watch = new Watch();
    await watch.over(context, new URL(url).origin);
    const page = await context.newPage();
    const answer = await page.goto(url, { waitUntil: "networkidle" });
    const what = `${name} ${new URL(url).host.slice(-5)}${new URL(url).pathname} at ${width} pixels, ${theme}`;
    suite.check(`${what}: it is served`, answer?.status() === 200);
    await ready(page);
    const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
    suite.check(`${what}: it fits: ${wide}`, wide <= width);
    suite.check(`${what}: nothing is wrong: ${watch.faults.join("; ")}`, watch.faults.length === 0);
    suite.check(`${what}: its files were loaded`, watch.requests.length >= 3);
    if (shots !== null) await page.screenshot({ path: join(shots, `${what.replaceAll(/[^a-z0-9]+/g, "-")}.png`) });
    await context.close();
  }
}

async function read(visit: Visit): Promise<void> {
  const { node, suite, browser, name } = visit;
  const guide = async (page: Page): Promise<void> => {
    suite.check(`${name}: the page has its heading`, (await page.locator("h1").textContent()) === "API guide");
    const samples = await page.locator(".sample").count();
    suite.check(`${name}: every sample can be copied`, (await page.locator(".sample button").count()) === samples);
  };
  await look(visit, `${node.endpoint}/apidoc/index.html`, guide);
  await look(visit, `${node.consoleEndpoint}/apidoc/index.html`, guide);
  await look(visit, `${node.consoleEndpoint}/apidoc/try-it.html`, (page) =>
    page.locator(".opblock-tag").first().waitFor(),
  );
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  await page.goto(`${node.endpoint}/apidoc/index.html`);
  await page
    .locator(".sample", { has: page.locator("#sample-curl") })
    .locator("button")
    .click();
  const copied = await page.evaluate<string>("navigator.clipboard.readText()");
  suite.check(`${name}: the button copies the sample`, copied === (await page.locator("#sample-curl").textContent()));
  await context.close();
}

/** Opens an operation of the explorer and executes it. @returns the status that it shows */
async function execute(page: Page, operation: string): Promise<string> {
  const row = adminRows.find(({ name }) => name === operation);
  if (row === undefined) throw new Error(`no operation ${operation}`);
  const block = page.locator(`[id="operations-${row.group.replaceAll(" ", "_")}-${operation}"]`);
  if (!(await block.isVisible())) {
    await page.locator(`.opblock-tag[data-tag="${row.group}"]`).click();
    await block.locator(".opblock-summary-control").click();
  }
  await block.locator(".btn.execute").click();
  const status = block.locator(".live-responses-table .response-col_status").last();
  await status.waitFor();
  return (await status.textContent())?.trim().slice(0, 3) ?? "";
}

async function tryOut({ node, suite, browser, name }: Visit): Promise<void> {
  const context = await browser.newContext();
  const watch = new Watch();
  await watch.over(context, node.consoleEndpoint);
  const page = await context.newPage();
  const url = `${node.consoleEndpoint}/apidoc/try-it.html`;
  await page.goto(url);
  await page.locator(".opblock-tag").first().waitFor();
  const groups = new Set(adminRows.map(({ group }) => group));
  suite.check(`${name}: every group is shown`, (await page.locator(".opblock-tag").count()) === groups.size);
  for (const tag of await page.locator(".opblock-tag").all()) await tag.click();
  await page
    .locator(".opblock")
    .nth(adminRows.length - 1)
    .waitFor();
  suite.check(`${name}: every row is shown`, (await page.locator(".opblock").count()) === adminRows.length);
  await page.goto("about:blank");
  await page.goto(url);
  suite.check(`${name}: without a session the answer is 401`, (await execute(page, "GetMe")) === "401");
  const signedIn = await page.evaluate<number>(`fetch("/api/v1/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "${email}", password: "${password}" }),
  }).then((answer) => answer.text().then(() => answer.status))`);
  suite.check(`${name}: the page can sign in: ${signedIn}`, signedIn === 200);
  await page.goto("about:blank");
  await page.goto(url);
  suite.check(`${name}: with a session it is 200`, (await execute(page, "GetMe")) === "200");
  suite.check(`${name}: a change carries the session's token`, (await execute(page, "SignOut")) === "204");
  suite.check(`${name}: trying is not wrong: ${watch.faults.join("; ")}`, watch.faults.length === 0);
  await context.close();
}

/** A token for programs, made as its owner would. */
async function apiToken({ consoleEndpoint }: NodeProcess): Promise<string> {
  const call = async (path: string, headers: Record<string, string>, body: object): Promise<Response> =>
    fetch(`${consoleEndpoint}/api/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: consoleEndpoint, ...headers },
      body: JSON.stringify(body),
    });
  const session = await call("/session", {}, { email, password });
  const { csrf } = (await session.json()) as { readonly csrf: string };
  const cookie = session.headers
    .getSetCookie()
    .map((line) => line.split(";", 1)[0])
    .join("; ");
  const made = await call("/me/tokens", { cookie, "x-troupe-csrf": csrf }, { name: "guide", scope: "all" });
  const { token } = (await made.json()) as { readonly token?: string };
  if (token === undefined) throw new Error(`no token: ${made.status}`);
  return token;
}

const decoded = (text: string): string =>
  text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) =>
    entity === "&amp;" ? "&" : entity === "&lt;" ? "<" : entity === "&gt;" ? ">" : entity === "&quot;" ? '"' : "'",
  );

/** Runs every sample that is for curl, as it stands, in a shell with the keys in its environment. */
async function copy({ node, suite, name }: Visit): Promise<void> {
  const page = await fetch(`${node.endpoint}/apidoc/index.html`).then((answer) => answer.text());
  const samples = [...page.matchAll(/<code id="([^"]+)">([\s\S]*?)<\/code>/g)]
    .map(([, id = "", text = ""]) => ({ id, text: decoded(text) }))
    .filter(({ text }) => /^(echo \w+ \| )?curl /.test(text));
  const usage = adminRows.filter(({ method, path }) => method === "GET" && /^\/usage(\.csv)?$/.test(path));
  suite.check(`${name}: there are lines of curl: ${samples.length}`, samples.length === 3 + 2 * usage.length);
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: testKeys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: testKeys.secretAccessKey,
    TROUPE_API_TOKEN: await apiToken(node),
  };
  for (const { id, text } of samples) {
    const { status, stdout } = spawnSync("bash", ["-e", "-c", text], { env, encoding: "utf8", timeout: 30_000 });
    suite.check(`${name}: ${id} works when it is copied: ${stdout}`, status === 0);
    const expected = id === "sample-curl" ? "hello\n" : id.startsWith("sample-admin") ? email : "";
    suite.check(`${name}: ${id} answers: ${stdout}`, stdout.includes(expected));
  }
}

await runSuite("guide", async (suite) => {
  find("curl");
  const executablePath = process.env["TROUPE_CHROMIUM"] ?? find("chromium");
  const shots = suite.has("shots") ? (process.argv[process.argv.indexOf("--shots") + 1] ?? null) : null;
  suite.say(execFileSync(executablePath, ["--version"], { encoding: "utf8" }).trim());
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    for (const name of ["uws", "node"]) {
      const settings = ["--set", `front.implementation=${name}`];
      const node = await NodeProcess.start({ data: join(suite.directory, name), arguments: settings });
      try {
        const visit: Visit = { suite, browser, node, name, shots };
        await read(visit);
        await tryOut(visit);
        await copy(visit);
        await crossOrigin(suite, browser, node, name);
      } finally {
        const code = await node.stop();
        suite.check(`${name}: the node stops cleanly`, code === 0);
      }
    }
  } finally {
    await browser.close();
  }
});
