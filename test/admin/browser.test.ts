import type { ExecutionContext } from "ava";
import { adminRows } from "#src/admin/table.ts";
import { type FrontUnderTest, testEachFront } from "#src/front/each-front.testing.ts";
import { type Reply, Stand } from "./stand.ts";
import { customer, emailOf, operator, password } from "./world.ts";

const signInBody = { email: emailOf(customer, "root"), password };
const open = async (t: ExecutionContext, front: FrontUnderTest) => Stand.open(t, front);

const code = ({ json }: Reply): unknown => json["code"];

testEachFront("the cookie is HttpOnly, Strict, and over HTTPS bound to the host", async (t, front) => {
  const stand = await open(t, front);
  const reply = await stand.send({ method: "POST", path: "/session", body: signInBody });
  t.is(reply.status, 200, reply.text);
  const cookies = reply.rawHead.split("\r\n").filter((line) => /^set-cookie:/i.test(line));
  t.is(cookies.length, 2);
  const [session = "", csrf = ""] = cookies;
  t.true(session.includes(`${stand.cookieName}=trp_session_`), session);
  for (const attribute of ["Path=/", "HttpOnly", "SameSite=Strict"]) t.true(session.includes(attribute), attribute);
  t.is(session.includes("; Secure"), front.isSecure);
  t.false(/domain/i.test(session));
  t.false(csrf.includes("HttpOnly"));
  t.true(csrf.includes("SameSite=Strict"));
  const { cookie } = stand.signedIn(reply);
  t.false(reply.text.includes(cookie), "the session's token is in the cookie alone");
});

testEachFront("a cookie set in the clear does not count over HTTPS, nor the other way about", async (t, front) => {
  const stand = await open(t, front);
  const as = await stand.signIn(signInBody.email);
  const other = front.isSecure ? "troupe" : "__Host-troupe";
  const headers = { cookie: `${other}=${as.cookie}` };
  t.is((await stand.send({ method: "GET", path: "/me", headers })).status, 401);
  const twice = { cookie: `${stand.cookieName}=${as.cookie}; ${stand.cookieName}=${as.cookie}` };
  t.is((await stand.send({ method: "GET", path: "/me", headers: twice })).status, 401);
});

testEachFront("a change needs the session's CSRF token and the console's origin", async (t, front) => {
  const stand = await open(t, front);
  const as = await stand.signIn(signInBody.email);
  const other = await stand.signIn(emailOf(operator, "root"));
  const cookie = `${stand.cookieName}=${as.cookie}`;
  const { origin } = stand;
  const own = { cookie, origin, "x-troupe-csrf": as.csrf };
  const cases: readonly Readonly<Record<string, string>>[] = [
    { cookie },
    { cookie, origin },
    { cookie, "x-troupe-csrf": as.csrf },
    { ...own, "x-troupe-csrf": other.csrf },
    { ...own, "x-troupe-csrf": "" },
    { ...own, origin: "https://evil.example.com" },
    { ...own, origin: "null" },
    { ...own, origin: `${origin}.evil.example.com` },
    { ...own, origin: origin.replace(/^https?/, front.isSecure ? "http" : "https") },
    { ...own, "sec-fetch-site": "cross-site" },
    { ...own, "sec-fetch-site": "same-site" },
  ];
  for (const headers of cases) {
    const reply = await stand.send({ method: "DELETE", path: "/session", headers });
    t.is(`${reply.status} ${code(reply)}`, "403 CrossSiteRequest", JSON.stringify(headers));
  }
  t.is((await stand.send({ method: "GET", path: "/me", headers: { cookie } })).status, 200);
  t.is((await stand.send({ method: "DELETE", path: "/session", headers: own })).status, 204);
});

testEachFront("every row that changes something refuses a session without its CSRF token", async (t, front) => {
  const stand = await open(t, front);
  const as = await stand.signIn(signInBody.email);
  const headers = { cookie: `${stand.cookieName}=${as.cookie}`, origin: stand.origin };
  const changes = adminRows.filter(({ method, admits }) => method !== "GET" && !admits.who.includes("none"));
  t.true(changes.length > 40);
  for (const { method, path, name } of changes) {
    const reply = await stand.send({ method, path: path.replaceAll(/\{\w+\}/g, "x"), headers });
    t.is(`${reply.status} ${code(reply)}`, "403 CrossSiteRequest", name);
  }
});

testEachFront("signing in from a page of another origin is refused, and from a program not", async (t, front) => {
  const stand = await open(t, front);
  const from = (headers: Readonly<Record<string, string>>) =>
    stand.send({ method: "POST", path: "/session", body: signInBody, headers });
  t.is(code(await from({ origin: "https://evil.example.com" })), "CrossSiteRequest");
  t.is(code(await from({ "sec-fetch-site": "cross-site" })), "CrossSiteRequest");
  t.is((await from({ origin: stand.origin })).status, 200);
  t.is((await from({})).status, 200);
});

testEachFront("a configured URL is the only origin, and makes the cookie a secure one", async (t, front) => {
  const stand = await Stand.open(t, front, { publicUrl: "https://console.example.com" });
  const own = await stand.send({
    method: "POST",
    path: "/session",
    body: signInBody,
    headers: { origin: "https://console.example.com" },
  });
  t.is(own.status, 200, own.text);
  t.regex(own.rawHead, /__Host-troupe=trp_session_\w+; Path=\/; HttpOnly; SameSite=Strict; Secure/);
  const foreign = await stand.send({
    method: "POST",
    path: "/session",
    body: signInBody,
    headers: { origin: stand.origin },
  });
  t.is(code(foreign), "CrossSiteRequest");
});

testEachFront("only application/json is taken", async (t, front) => {
  const stand = await open(t, front);
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]) {
    const headers = { "content-type": type };
    const reply = await stand.send({ method: "POST", path: "/session", body: signInBody, headers });
    t.is(`${reply.status} ${code(reply)}`, "415 UnsupportedMediaType", type);
  }
  const headers = { "content-type": "Application/JSON; charset=utf-8" };
  t.is((await stand.send({ method: "POST", path: "/session", body: signInBody, headers })).status, 200);
});

testEachFront("every answer carries the security headers", async (t, front) => {
  const stand = await open(t, front);
  const as = await stand.signIn(signInBody.email);
  const replies = [
    await stand.send({ method: "GET", path: "/me", as }),
    await stand.send({ method: "GET", path: "/me" }),
    await stand.send({ method: "GET", path: "/nowhere" }),
    await stand.send({ method: "PUT", path: "/me" }),
    await stand.send({ method: "GET", path: "/apidoc/openapi.json" }),
  ];
  t.deepEqual(
    replies.map(({ status }) => status),
    [200, 401, 404, 405, 200],
  );
  for (const { headers } of replies) {
    t.is(headers.get("cache-control"), "no-store");
    t.is(headers.get("x-content-type-options"), "nosniff");
    t.regex(headers.get("content-security-policy") ?? "", /default-src 'none'; frame-ancestors 'none'/);
    t.is(headers.get("referrer-policy"), "no-referrer");
    t.false(headers.has("access-control-allow-origin"));
    t.regex(headers.get("x-request-id") ?? "", /^[0-9A-F]{16}$/);
  }
});

testEachFront("errors are problem documents that tell nothing of the inside", async (t, front) => {
  const stand = await open(t, front);
  const reply = await stand.send({ method: "GET", path: "/me" });
  t.is(reply.headers.get("content-type"), "application/problem+json");
  t.deepEqual(Object.keys(reply.json).sort(), ["code", "requestId", "status", "title", "type"]);
  t.is(reply.json["status"], 401);
  t.is(reply.json["requestId"], reply.headers.get("x-request-id"));
  const allowed = await stand.send({ method: "PUT", path: "/me" });
  t.is(allowed.headers.get("allow"), "GET");
  for (const path of ["/", "/../me", "/me/", "/%6de", "/users/%ff", "/api/v2/me", "/api"]) {
    const { status, text } = await stand.send({ method: "GET", path });
    t.true(status === 404 || status === 400, `${path}: ${status}`);
    t.false(/at .*\.js|node_modules|\/src\/|\d+\.\d+\.\d+/.test(text), text);
  }
});

testEachFront("a wrong password, an unknown address and a disabled user get the same answer", async (t, front) => {
  const stand = await open(t, front);
  await stand.alterUser(customer, "user", { status: "disabled" });
  const attempts = [
    { email: emailOf(customer, "admin"), password: "wrong password" },
    { email: "nobody@example.com", password },
    { email: emailOf(customer, "user"), password },
  ];
  const answers: string[] = [];
  for (const body of attempts) {
    const reply = await stand.send({ method: "POST", path: "/session", body });
    answers.push(`${reply.status} ${reply.text.replace(/"requestId":"\w+"/, "")} ${[...reply.headers.keys()].sort()}`);
  }
  t.regex(answers[0] ?? "", /^401 .*SignInFailed/);
  t.is(new Set(answers).size, 1, answers.join("\n"));
});

testEachFront("signing out ends the session and clears its cookies", async (t, front) => {
  const stand = await open(t, front);
  const as = await stand.signIn(signInBody.email);
  const reply = await stand.send({ method: "DELETE", path: "/session", as });
  t.is(reply.status, 204);
  t.is(reply.rawHead.match(/Max-Age=0/g)?.length, 2);
  t.is((await stand.send({ method: "GET", path: "/me", as })).status, 401);
});

testEachFront("a password crosses a network by HTTPS only", async (t, front) => {
  const stand = await Stand.open(t, front, { address: "192.0.2.7" });
  const reply = await stand.send({ method: "POST", path: "/session", body: signInBody });
  t.is(`${reply.status} ${code(reply) ?? ""}`, front.isSecure ? "200 " : "403 InsecureTransport");
});
