/** Certificates chosen by the name that a client asks for. Source: RFC 6066 section 3. */

import { readFileSync } from "node:fs";
import { request } from "node:https";
import type { TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import test from "ava";
import { sendText, tls } from "./each-front.testing.ts";
import { listen } from "./http-server.ts";
import { readNamedCertificate } from "./tls.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../../test/fixtures/tls/${name}`, import.meta.url));
const other = { certFile: fixture("other.pem"), keyFile: fixture("other-key.pem") };
const authorities = [readFileSync(tls.certFile), readFileSync(other.certFile)];

/** The subject that serves `name` by a verified handshake, and the answer's body. */
const visit = (port: number, servername: string): Promise<readonly [subject: string, body: string]> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, servername, ca: authorities, agent: false }, (answer) => {
      const { CN } = (answer.socket as TLSSocket).getPeerCertificate().subject;
      answer.on("data", (body: Buffer) => resolve([String(CN), body.toString()]));
    });
    asked.on("error", reject);
    asked.end();
  });

for (const implementation of ["uws", "node"] as const) {
  test(`a client gets the certificate of the name it asks for [${implementation}]`, async (t) => {
    const server = await listen(
      { host: "127.0.0.1", port: 0, implementation, tls: { ...tls, further: [other] } },
      (asked, response) => sendText(response, asked.headers.get("host") ?? ""),
    );
    t.teardown(() => server.close(0));
    for (const [name, subject] of [
      ["localhost", "localhost"],
      ["s3.example.test", "s3.example.test"],
      ["bucket.s3.example.test", "s3.example.test"],
      ["www.example.org", "s3.example.test"],
    ] as const) {
      const [served, body] = await visit(server.port, name);
      t.is(served, subject, name);
      t.true(body.startsWith("127.0.0.1"), "every name is served by the same handler");
    }
    const error = await t.throwsAsync(visit(server.port, "elsewhere.example.net"));
    t.regex(String(error), /altnames/, "another name gets the certificate that all get");
  });

  test(`a further certificate that cannot be used is refused [${implementation}]`, async (t) => {
    const further = [{ certFile: other.certFile, keyFile: tls.keyFile }];
    await t.throwsAsync(
      listen({ host: "127.0.0.1", port: 0, implementation, tls: { ...tls, further } }, () => undefined),
    );
  });
}

test("names of a certificate are in lower case", (t) => {
  t.deepEqual(readNamedCertificate(other).names, ["s3.example.test", "*.s3.example.test", "www.example.org"]);
});
