/**
 * A key pair as the CSV that AWS's console offers and `aws configure import --csv` reads: it splits lines at commas and knows
 * no quotes, so none are written. UTF-8 without a byte order mark. Source: AWS CLI user guide, "Import key pair via .CSV file".
 */

import type { KeyPair } from "./key-pair.ts";

/**
 * Two lines, each ending in CR LF. The name becomes the name of a profile in the AWS CLI, where it cannot have commas, quotes or
 * line ends: those become `_`. A name that a spreadsheet would take for a formula gets an apostrophe in front.
 * @param userName user name, or Root's e-mail address; not empty
 * @throws RangeError for an empty name
 */
export function keyCsv(userName: string, { accessKeyId, secretAccessKey }: KeyPair): string {
  const name = userName.replace(/[\p{Cc}\u2028\u2029,"]/gu, "_").trim();
  if (name === "") throw new RangeError("the user of a key pair has a name");
  const cell = /^[=+\-@]/.test(name) ? `'${name}` : name;
  return `User name,Access key ID,Secret access key\r\n${cell},${accessKeyId},${secretAccessKey}\r\n`;
}
