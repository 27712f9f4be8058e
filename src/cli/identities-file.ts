/** Reads the identities file that the command line names. */

import { readFileSync } from "node:fs";
import { IdentitiesError, parseIdentities } from "../account/identities.ts";
import type { IdentitiesDocument } from "../control/messages.ts";

/** @throws IdentitiesError when the file cannot be read or used */
export function readIdentitiesFile(file: string): IdentitiesDocument {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    throw new IdentitiesError("The identities cannot be used", [{ pointer: "", message, origin: file }]);
  }
  return parseIdentities(text, file);
}
