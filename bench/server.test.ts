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
