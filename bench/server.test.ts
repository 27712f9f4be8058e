import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import test from "ava";
import { explain } from "./bucket.ts";
import { commandLine } from "./server.ts";

const places = { port: 1, console: 2, data: "/tmp/it's here" };

test("a command gets the options of a node, unless it places them itself", (t) => {
  const options = "--data '/tmp/it'\\''s here' --s3 127.0.0.1:1 --console 127.0.0.1:2";
  t.is(commandLine("node old/dist/main.js", places), `exec node old/dist/main.js serve ${options}`);
  t.is(commandLine("node main.js serve --set a=b", places), `exec node main.js serve --set a=b ${options}`);
  t.is(
    commandLine("minio server {data} --address :{port}", places),
    "exec minio server '/tmp/it'\\''s here' --address :1",
  );
});

/** Starts a server as a bench does, says where it listens, and throws when it is told something. */
const bench = `
  import { startNode } from "${new URL("server.js", import.meta.url)}";
  const answers = "require('node:http').createServer({ headersTimeout: 0, requestTimeout: 0 }, (_, answer) => answer.end()).listen({port}, '127.0.0.1')";
  const { target } = await startNode({ name: "s", data: "", command: process.execPath + ' -e "' + answers + '"' });
  process.stdin.once("data", () => { throw new Error("uncaught"); });
  console.log(target.port);
`;

for (const [name, end] of [
  ["SIGTERM", "SIGTERM"],
  ["SIGINT", "SIGINT"],
  ["SIGHUP", "SIGHUP"],
  ["an uncaught error", null],
] as const) {
  test(`a bench that is ended by ${name} leaves no server`, async (t) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", bench], { stdio: ["pipe", "pipe", "ignore"] });
    const [said] = await once(child.stdout, "data");
    const socket = connect(Number(said), "127.0.0.1");
    await once(socket, "connect");
    const served = new Promise((resolve) => socket.resume().once("close", resolve));
    // What the server had not accepted yet is reset.
    socket.on("error", () => undefined);
    const ended = once(child, "exit");
    if (end === null) child.stdin.write("x");
    else child.kill(end);
    const [code] = await ended;
    await served;
    t.is(code, { SIGTERM: 143, SIGINT: 130, SIGHUP: 129, "an uncaught error": 1 }[name]);
  });
}

const target = { host: "s3", port: 9000, accessKeyId: "A", secretAccessKey: "B" };
const error = (code: string, more = ""): string => `<Error><Code>${code}</Code>${more}</Error>`;

for (const [name, status, code, text, message] of [
  ["wrong key", 403, "InvalidAccessKeyId", error("InvalidAccessKeyId"), /is not known there/],
  ["wrong secret", 403, "SignatureDoesNotMatch", error("SignatureDoesNotMatch"), /secret key is wrong/],
  [
    "no right",
    403,
    "AccessDenied",
    error("AccessDenied"),
    /PutObject with 403 AccessDenied: the access key has no right/,
  ],
  ["other region", 400, "AuthorizationHeaderMalformed", error("x", "<Region>eu-1</Region>"), /say --region eu-1/],
  ["no S3", 404, "", "<html>", /is the URL the S3 endpoint\?/],
  ["its own words", 409, "Other", error("Other", "<Message>Because.</Message>"), /409 Other: Because\./],
] as const) {
  test(`what a server answers is explained: ${name}`, (t) => {
    t.regex(explain(target, "PutObject", { status, code, text }).message, message);
  });
}
