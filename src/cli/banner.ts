/** What is printed when a node has started. Pure. */

import type { FirstCredentials } from "../account/first-account.ts";

export interface BannerOptions {
  readonly version: string;
  /** URL for S3 clients. */
  readonly endpoint: string;
  readonly consoleUrl: string;
  readonly region: string;
  readonly dataDirectory: string;
  /** Only at the start that made the first account; else null. */
  readonly credentials: FirstCredentials | null;
}

/**
 * The text for standard output, ending in a line feed. Holds secrets when there are first credentials: print it, never log it.
 * The client lines can be pasted into a POSIX shell as they stand.
 */
export function banner(options: BannerOptions): string {
  const { credentials } = options;
  const lines = [
    `Troupe ${options.version}`,
    "",
    `  S3 endpoint   ${options.endpoint}`,
    `  Console       ${options.consoleUrl}`,
    `  Region        ${options.region} (any other is accepted)`,
    `  Data          ${options.dataDirectory}`,
    "",
  ];
  if (credentials !== null) {
    lines.push(
      "First account (printed this once; keep it):",
      "",
      `  Root e-mail   ${credentials.email}`,
      `  Password      ${credentials.password}`,
      `  Access key    ${credentials.accessKeyId}`,
      `  Secret key    ${credentials.secretAccessKey}`,
      "",
    );
  }
  lines.push("Try it:", "", ...clientLines(options).map((line) => `  ${line}`), "");
  return lines.join("\n");
}

function clientLines({ endpoint, region, credentials }: BannerOptions): string[] {
  const key = shellWord(credentials?.accessKeyId ?? "ACCESS_KEY");
  const secret = shellWord(credentials?.secretAccessKey ?? "SECRET_KEY");
  const url = shellWord(endpoint);
  return [
    `export AWS_ENDPOINT_URL=${url}`,
    `export AWS_ACCESS_KEY_ID=${key}`,
    `export AWS_SECRET_ACCESS_KEY=${secret}`,
    `export AWS_DEFAULT_REGION=${shellWord(region)}`,
    "aws s3 mb s3://first-bucket",
    "aws s3 ls",
    `mc alias set troupe ${url} ${key} ${secret} && mc ls troupe`,
    `rclone config create troupe s3 provider=Other endpoint=${url} access_key_id=${key} secret_access_key=${secret} force_path_style=true && rclone lsd troupe:`,
  ];
}

/** `text` as one word of a POSIX shell. */
function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
