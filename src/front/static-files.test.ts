import { gunzipSync } from "node:zlib";
import test from "ava";
import { limits } from "../base/limits.ts";
import { type Answer, testEachFront } from "./each-front.testing.ts";
import { StaticFiles, textSource } from "./static-files.ts";

const letters = "abc ".repeat(limits.staticGzipBytesMin / 4);

testEachFront("files are served with validators, and everything else is none of theirs", async (t, front) => {
  const files = new StaticFiles(
    {
      "/a.txt": textSource(letters, "text/plain; charset=utf-8"),
      "/small.txt": textSource("small", "text/plain; charset=utf-8"),
      "/a.png": textSource(letters, "image/png"),
    },
    [["x-content-type-options", "nosniff"]],
  );
  await front.listen((request, response) => {
    if (files.answer(request, response) === null) response.send({ status: 404, headers: [] });
  });
  const client = front.connect();
  const ask = (method: string, path: string, ...lines: string[]): Promise<Answer> =>
    client.request([`${method} ${path} HTTP/1.1`, "host: x", ...lines].join("\r\n"));
  const plain = await ask("GET", "/a.txt");
  t.is(plain.status, 200);
  t.is(plain.body.toString(), letters);
  t.is(plain.headers.get("content-type"), "text/plain; charset=utf-8");
  t.is(plain.headers.get("x-content-type-options"), "nosniff");
  t.is(plain.headers.get("cache-control"), "no-cache");
  const packed = await ask("GET", "/a.txt", "accept-encoding: GZIP");
  t.is(gunzipSync(packed.body).toString(), letters);
  t.is(packed.headers.get("vary"), "Accept-Encoding");
  const etag = packed.headers.get("etag") ?? "";
  t.is((await ask("GET", "/a.txt", "accept-encoding: gzip", `if-none-match: ${etag}`)).status, 304);
  t.is(
    (await ask("GET", "/a.txt", `if-none-match: ${etag}`)).status,
    200,
    "another encoding is another representation",
  );
  t.is((await ask("HEAD", "/a.txt", "if-none-match: *")).status, 304);
  for (const path of ["/small.txt", "/a.png"])
    t.is((await ask("GET", path, "accept-encoding: gzip")).headers.get("content-encoding"), undefined, path);
  t.is((await ask("DELETE", "/a.txt")).status, 405);
  for (const path of ["/", "/b.txt", "/a.txt/", "/%61.txt", "/../a.txt", "/constructor"])
    t.is((await ask("GET", path)).status, 404, path);
});

/** Enough of a request and an answer for what fails before either is looked at. */
function failing(files: StaticFiles, rawPath: string): Promise<void> | null {
  const request = { rawPath, method: "GET", headers: new Map<string, string>() };
  const never = {};
  return files.answer(
    request as unknown as Parameters<StaticFiles["answer"]>[0],
    never as unknown as Parameters<StaticFiles["answer"]>[1],
  );
}

test("a file that cannot be read fails its request and is read again by the next; files have a bound together", async (t) => {
  let reads = 0;
  const half = Buffer.alloc(limits.staticBytesMax / 2 + 1);
  const files = new StaticFiles(
    {
      "/broken": {
        contentType: "text/plain",
        read: () => {
          reads++;
          return Promise.reject(new Error("no such file"));
        },
      },
      "/one": { contentType: "image/png", read: () => half },
      "/two": { contentType: "image/png", read: () => half },
    },
    [],
  );
  for (const count of [1, 2]) {
    await t.throwsAsync(async () => failing(files, "/broken"), { message: "no such file" });
    t.is(reads, count);
  }
  await t.throwsAsync(
    async () => failing(files, "/one"),
    { instanceOf: TypeError },
    "read, and then sent to no answer",
  );
  await t.throwsAsync(async () => failing(files, "/two"), { message: "the static files are too large" });
});
