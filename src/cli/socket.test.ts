import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createLog } from "../base/log.ts";
import type { HttpHandler } from "../model/http.ts";
import { openAdminSocket } from "./socket.ts";
import { adminSocketPath, fitsSocket } from "./socket-path.ts";

const log = createLog({ level: "fatal", destination: { write: () => undefined } });
const handler: HttpHandler = (asked, response) =>
  response.send({ status: 200, headers: [] }, `${asked.method} ${asked.rawPath} from "${asked.remoteAddress}"`);

function dataDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), "troupe-socket-"));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function ask(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { socketPath, path: "/api/v1/me", headers: { host: "localhost" }, agent: false },
      (answer) => {
        answer.setEncoding("utf8");
        let text = "";
        answer.on("data", (piece: string) => {
          text += piece;
        });
        answer.on("end", () => resolve(text));
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}

test("it serves requests, only its owner can open it, and it goes with its node", async (t) => {
  const directory = dataDirectory(t);
  const path = join(directory, "admin.sock");
  const socket = await openAdminSocket({ dataDirectory: directory, handler, log });
  t.is(await ask(path), 'GET /api/v1/me from ""');
  t.true(lstatSync(path).isSocket());
  t.is(lstatSync(path).mode & 0o777, 0o600);
  t.false(existsSync(join(directory, ".socket")));
  await socket?.close(0);
  t.false(existsSync(path));
  await t.throwsAsync(ask(path), { code: "ENOENT" });
});

test("what a killed node has left is replaced", async (t) => {
  const directory = dataDirectory(t);
  const path = join(directory, "admin.sock");
  writeFileSync(path, "left over");
  mkdirSync(join(directory, ".socket"));
  writeFileSync(join(directory, ".socket", "s"), "left over");
  const socket = await openAdminSocket({ dataDirectory: directory, handler, log });
  t.teardown(() => socket?.close(0));
  t.is(await ask(path), 'GET /api/v1/me from ""');
});

test("a path that is too long for a socket is left out, not cut short", async (t) => {
  const directory = join(dataDirectory(t), "d".repeat(100));
  mkdirSync(directory);
  t.is(await openAdminSocket({ dataDirectory: directory, handler, log }), null);
  t.false(existsSync(adminSocketPath(directory)));
  t.true(fitsSocket("d".repeat(103)));
  t.false(fitsSocket("d".repeat(104)));
  t.false(fitsSocket("ä".repeat(52)));
});

test("the shorter spelling of a path is taken", (t) => {
  t.is(adminSocketPath("data"), "data/admin.sock");
  t.is(adminSocketPath(join(process.cwd(), "data")), "data/admin.sock");
  t.is(adminSocketPath("/d"), "/d/admin.sock");
});

test("a directory that takes no socket is an error, and nothing is left", async (t) => {
  const directory = dataDirectory(t);
  if (process.getuid?.() === 0) {
    await t.throwsAsync(openAdminSocket({ dataDirectory: join(directory, "none"), handler, log }), { code: "ENOENT" });
    return;
  }
  chmodSync(directory, 0o500);
  await t.throwsAsync(openAdminSocket({ dataDirectory: directory, handler, log }), { code: "EACCES" });
});
