/** The front alone, as a ceiling: answers every request with a body of the size its path names; nothing is checked or read. */

import { listen } from "#src/front/http-server.ts";

const bodies = new Map<number, Buffer>();
const server = await listen({ host: "127.0.0.1", port: 0, implementation: "auto" }, (request, response) => {
  const size = Number(/size-(\d+)/.exec(request.rawPath)?.[1] ?? 0);
  let body = bodies.get(size);
  if (!body) {
    body = Buffer.alloc(size, 0x61);
    bodies.set(size, body);
  }
  response.send({ status: 200, headers: [["etag", '"0"']] }, body);
});
process.send?.({ port: server.port });
process.on("disconnect", () => process.exit(0));
