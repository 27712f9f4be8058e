/** How a suite is run: options from the command line, a verdict line at the end, a clean exit code. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A suite that cannot run here: an error in CI, a notice for a user. */
export class CannotRun extends Error {}

export interface SuiteContext {
  /** A fresh directory, removed afterwards unless the suite failed. */
  readonly directory: string;
  /** `--name value` as a number, else the default. */
  option(name: string, fallback: number): number;
  has(name: string): boolean;
  say(line: string): void;
  /** Counts a claim of the suite; a false one fails it. */
  check(claim: string, holds: boolean): void;
}

export async function runSuite(name: string, body: (context: SuiteContext) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(process.env["TROUPE_TEST_DIRECTORY"] ?? tmpdir(), `troupe-${name}-`));
  let passed = 0;
  let failed = 0;
  const context: SuiteContext = {
    directory,
    option: (option, fallback) => {
      const at = process.argv.indexOf(`--${option}`);
      return at === -1 ? fallback : Number(process.argv[at + 1]);
    },
    has: (option) => process.argv.includes(`--${option}`),
    say: (line) => console.log(`[${name}] ${line}`),
    check: (claim, holds) => {
      if (holds) passed += 1;
      else {
        failed += 1;
        console.error(`[${name}] FAILED: ${claim}`);
      }
    },
  };
  try {
    await body(context);
    if (passed + failed === 0) throw new Error("the suite checked nothing");
  } catch (error) {
    if (error instanceof CannotRun && process.env["CI"] !== "true") {
      console.log(`[${name}] skipped: ${error.message}`);
      console.log("0 passed, 0 failed, 1 skipped");
      process.exit(0);
    }
    failed += 1;
    console.error(`[${name}]`, error);
  }
  console.log(`[${name}] ${passed} passed, ${failed} failed`);
  if (failed === 0) rmSync(directory, { recursive: true, force: true });
  else console.error(`[${name}] left for inspection: ${directory}`);
  process.exit(failed === 0 ? 0 : 1);
}
