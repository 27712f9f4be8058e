import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { limits } from "../base/limits.ts";
import { MailError, type MailMessage } from "./mail.ts";
import { composeMail, type SmtpOptions, smtpMail } from "./smtp.ts";

const message: MailMessage = {
  to: "ann@example.com",
  subject: "Grüße: choose a new password",
  text: "Hello Ann,\n.\nhttps://console.example.com/reset#trp_reset_abc\n",
  html: "<p>Hello Ann</p>",
};

interface Delivery {
  readonly commands: string[];
  data: string;
}

const fixture = (name: string): string => fileURLToPath(new URL(`../../test/fixtures/tls/${name}`, import.meta.url));
const certificate = { cert: readFileSync(fixture("issued.pem")), key: readFileSync(fixture("issued-key.pem")) };

/**
 * A mail server as small as RFC 5321 lets one be. `answers` replaces what it says to a command's first word; it offers STARTTLS
 * when that has an answer, and speaks TLS from the beginning with `isTls`.
 */
async function smtpServer(t: ExecutionContext, answers: Readonly<Record<string, string>> = {}, isTls = false) {
  const deliveries: Delivery[] = [];
  const sockets = new Set<Socket>();
  const capabilities = answers["STARTTLS"] === undefined ? "250-test" : "250-test\r\n250-STARTTLS";
  const serve = (socket: Socket, delivery: Delivery) => {
    let buffered = "";
    let isData = false;
    const say = (text: string) => socket.write(`${text}\r\n`);
    socket.on("error", () => socket.destroy());
    socket.on("data", function read(bytes) {
      buffered += bytes.toString("utf8");
      for (;;) {
        const end = isData ? buffered.indexOf("\r\n.\r\n") : buffered.indexOf("\r\n");
        if (end < 0) return;
        const piece = buffered.slice(0, end);
        buffered = buffered.slice(end + (isData ? 5 : 2));
        if (isData) {
          isData = false;
          delivery.data = piece;
          say(answers["."] ?? "250 taken");
          continue;
        }
        delivery.commands.push(piece);
        const word = piece.split(" ")[0] ?? "";
        isData = word === "DATA" && answers["DATA"] === undefined;
        const usual = word === "DATA" ? "354 go on" : word === "EHLO" ? `${capabilities}\r\n250 AUTH PLAIN` : "250 ok";
        say(answers[word] ?? usual);
        if (word === "STARTTLS") {
          socket.off("data", read);
          serve(new TLSSocket(socket, { isServer: true, ...certificate }), delivery);
          return;
        }
      }
    });
  };
  const accept = (socket: Socket) => {
    sockets.add(socket);
    const delivery: Delivery = { commands: [], data: "" };
    deliveries.push(delivery);
    serve(socket, delivery);
    socket.write(`${answers["greeting"] ?? "220 test"}\r\n`);
  };
  const server = isTls ? createTlsServer(certificate, accept) : createServer(accept);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const options: SmtpOptions = {
    host: "127.0.0.1",
    port,
    security: "none",
    user: null,
    password: null,
    from: "troupe@example.com",
  };
  const open = (overrides: Partial<SmtpOptions> = {}) => {
    const mail = smtpMail({ ...options, ...overrides });
    t.teardown(() => mail.close());
    return mail;
  };
  return { deliveries, open, options };
}

test("a message goes to its one recipient, whole", async (t) => {
  const { deliveries, open } = await smtpServer(t);
  await open().send(message);
  const delivery = deliveries[0];
  t.deepEqual(delivery?.commands.slice(1), ["MAIL FROM:<troupe@example.com>", "RCPT TO:<ann@example.com>", "DATA"]);
  const data = delivery?.data ?? "";
  t.regex(data, /^To: ann@example\.com\r$/m);
  t.regex(data, /^From: troupe@example\.com\r$/m);
  t.regex(data, /^Subject: =\?UTF-8\?/m);
  t.regex(data, /^Auto-Submitted: auto-generated\r$/m);
  t.regex(data, /https:\/\/console\.example\.com\/reset#trp_reset_abc/);
  // The line of a single dot is doubled on the way, or it would end the message.
  t.regex(data, /^\.\.\r$/m);
});

test("several messages share a connection", async (t) => {
  const { deliveries, open } = await smtpServer(t);
  const mail = open();
  await mail.send(message);
  await mail.send({ ...message, to: "bob@example.com" });
  t.is(deliveries.length, 1);
  t.true(deliveries[0]?.commands.includes("RCPT TO:<bob@example.com>"));
});

test("user and password are sent when they are configured", async (t) => {
  const { deliveries, open } = await smtpServer(t, { AUTH: "235 welcome" });
  await open({ user: "troupe", password: "secret" }).send(message);
  const plain = Buffer.from("\0troupe\0secret").toString("base64");
  t.true(deliveries[0]?.commands.includes(`AUTH PLAIN ${plain}`));
});

test("without TLS where TLS is demanded nothing is sent", async (t) => {
  const { deliveries, open } = await smtpServer(t);
  const error = await t.throwsAsync(open({ security: "starttls", user: "troupe", password: "secret" }).send(message), {
    instanceOf: MailError,
  });
  t.false(error?.isPermanent);
  await t.throwsAsync(open({ security: "tls" }).send(message), { instanceOf: MailError });
  const commands = deliveries.flatMap((delivery) => delivery.commands);
  t.false(
    commands.some((command) => /^(AUTH|MAIL|RCPT|DATA)/.test(command)),
    commands.join(),
  );
});

test("a certificate that is not trusted ends the sending before anything is said", async (t) => {
  for (const security of ["tls", "starttls"] as const) {
    const { deliveries, open } = await smtpServer(t, { STARTTLS: "220 go on" }, security === "tls");
    const mail = open({ security, user: "troupe", password: "secret" });
    const error = await t.throwsAsync(mail.send(message), { instanceOf: MailError, message: /certificate/i });
    t.false(error?.isPermanent);
    const commands = deliveries.flatMap((delivery) => delivery.commands);
    t.false(
      commands.some((command) => /^(AUTH|MAIL|RCPT|DATA)/.test(command)),
      commands.join(),
    );
  }
});

test("over TLS with a trusted certificate the message arrives", async (t) => {
  for (const security of ["tls", "starttls"] as const) {
    const { deliveries, options } = await smtpServer(t, { STARTTLS: "220 go on" }, security === "tls");
    // Which authorities are trusted is settled when a process starts.
    const program = `
      import { smtpMail } from ${JSON.stringify(new URL("smtp.js", import.meta.url).href)};
      const mail = smtpMail(${JSON.stringify({ ...options, security })});
      await mail.send(${JSON.stringify(message)});
      mail.close();`;
    await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: fixture("authority.pem") },
      timeout: 30_000,
    });
    const commands = deliveries[0]?.commands ?? [];
    t.is(commands.includes("STARTTLS"), security === "starttls");
    t.true(commands.includes("RCPT TO:<ann@example.com>"));
    t.regex(deliveries[0]?.data ?? "", /trp_reset_abc/);
  }
});

test("what the server refuses for good is permanent, what it puts off is not", async (t) => {
  const rows: readonly (readonly [Readonly<Record<string, string>>, boolean])[] = [
    [{ RCPT: "550 no such user" }, true],
    [{ RCPT: "451 try later" }, false],
    [{ ".": "554 refused" }, true],
    [{ ".": "452 no room" }, false],
    [{ greeting: "421 busy" }, false],
    [{ AUTH: "535 wrong password" }, false],
  ];
  for (const [answers, isPermanent] of rows) {
    const { open } = await smtpServer(t, answers);
    const mail = open("AUTH" in answers ? { user: "u", password: "p" } : {});
    const error = await t.throwsAsync(mail.send(message), { instanceOf: MailError });
    t.is(error?.isPermanent, isPermanent, JSON.stringify(answers));
    t.false(error?.message.includes("trp_reset_abc"));
  }
});

test("a server that is not there is a failure that may pass", async (t) => {
  const { open } = await smtpServer(t);
  const error = await t.throwsAsync(open({ port: 1 }).send(message), { instanceOf: MailError });
  t.false(error?.isPermanent);
});

test("no recipient or size that is out of the question reaches a server", async (t) => {
  const { deliveries, open } = await smtpServer(t);
  const mail = open();
  const bad: readonly MailMessage[] = [
    { ...message, to: "ann@example.com, eve@example.com" },
    { ...message, to: "ann@example.com\r\nRCPT TO:<eve@example.com>" },
    { ...message, text: "x".repeat(limits.mailBytesMax) },
  ];
  for (const one of bad) {
    const error = await t.throwsAsync(mail.send(one), { instanceOf: MailError });
    t.true(error?.isPermanent);
  }
  t.is(deliveries.length, 0);
});

test("a subject with line ends stays one header", async (t) => {
  const composed = (
    await composeMail({ ...message, subject: "a\r\nBcc: eve@example.com" }, "troupe@example.com")
  ).toString();
  t.regex(composed, /^Subject: a Bcc: eve@example\.com\r$/m);
  t.false(/^Bcc:/m.test(composed));
  t.false(/[^\r]\n/.test(composed));
});
