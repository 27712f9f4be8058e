#!/usr/bin/env node
/** The program: prepares the process, then hands over to the command line. */

import { withThreadPool } from "./launch.ts";

await withThreadPool(async () => {
  const [{ run }, { serve }] = await Promise.all([import("./cli/command.ts"), import("./serve.ts")]);
  process.exitCode = await run(process.argv.slice(2), { serve });
});
