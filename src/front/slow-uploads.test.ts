/** uWebSockets.js cuts uploads below 16 KB/s averaged over 10 s by itself; this test takes longer than that on purpose. */

import test from "ava";
import { Client, readWhole, sendText } from "./each-front.testing.ts";
import { listen } from "./http-server.ts";

test("ten slow uploads at once and one slow answer outlive the library's own clock", async (t) => {
  const server = await listen({ host: "127.0.0.1", port: 0, implementation: "uws" }, (request, response) => {
    readWhole(request).then(
      (body) => setTimeout(() => sendText(response, String(body.length)), request.rawPath === "/late" ? 13_000 : 0),
      () => undefined,
    );
  });
  t.teardown(() => server.close(0));
  const secondCount = 14;
  const uploads = Array.from({ length: 10 }, async () => {
    const client = new Client(server.port, false);
    await client.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${secondCount * 1000}\r\n\r\n`);
    for (let second = 0; second < secondCount; second++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await client.send(Buffer.alloc(1000));
    }
    return (await client.answer()).body.toString();
  });
  const late = new Client(server.port, false);
  await late.send("PUT /late HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
  await late.send(Buffer.alloc(2_000_000));
  t.deepEqual(await Promise.all(uploads), Array(10).fill(String(secondCount * 1000)));
  t.is((await late.answer()).body.toString(), "2000000");
  late.socket.destroy();
});
