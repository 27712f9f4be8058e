#!/usr/bin/env node
/** The program: prepares the process, then hands over to the command line. */

import { limits } from "./base/limits.ts";
import { withThreadPool } from "./launch.ts";

// Read by uWebSockets.js when it is loaded.
process.env["UWS_HTTP_MAX_HEADERS_SIZE"] ??= String(limits.headerBytesMax);

await withThreadPool(async () => {
  const [{ run }, { serve }] = await Promise.all([import("./cli/command.ts"), import("./serve.ts")]);
  process.exitCode = await run(process.argv.slice(2), { serve });
});
