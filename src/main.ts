#!/usr/bin/env node
/** The program: prepares the process, then hands over to the command line. */

import { withThreadPool } from "./launch.ts";

await withThreadPool(async () => {
  const { run } = await import("./cli/command.ts");
  process.exitCode = await run(process.argv.slice(2), {
    serve: async (options) => (await import("./serve.ts")).serve(options),
  });
});
