/** The clients of the matrix, and those that cannot be had. */

import { awsCli1, awsCli2 } from "./aws-cli.ts";
import type { Client } from "./client.ts";
import { goSdk, javaSdk, minioGo, rustSdk } from "./compiled-sdks.ts";
import { davix } from "./davix.ts";
import { duplicity } from "./duplicity.ts";
import { minioJs, sdk2, sdk3 } from "./javascript-sdks.ts";
import { libs3 } from "./libs3.ts";
import { mc } from "./mc.ts";
import { boto3, duckdb, fsspec, minioPython, pyarrow, smartOpen } from "./python-sdks.ts";
import { rclone } from "./rclone.ts";
import { restic } from "./restic.ts";
import { s3cmd } from "./s3cmd.ts";
import { s3fsFuse } from "./s3fs-fuse.ts";
import { s4cmd } from "./s4cmd.ts";
import { s5cmd } from "./s5cmd.ts";
import { terraform } from "./terraform.ts";

export const clients: readonly Client[] = [
  sdk3,
  sdk2,
  minioJs,
  boto3,
  awsCli1,
  awsCli2,
  s3cmd,
  s4cmd,
  s5cmd,
  rclone,
  fsspec,
  smartOpen,
  pyarrow,
  duckdb,
  minioPython,
  libs3,
  davix,
  s3fsFuse,
  restic,
  duplicity,
  mc,
  goSdk,
  minioGo,
  javaSdk,
  rustSdk,
  terraform,
];

/** Clients that this list would have, were they to be had from Debian, npm, pip, Go, Maven or cargo. */
export const unobtainable: readonly { readonly name: string; readonly reason: string }[] = [
  { name: "restic 0.18", reason: "its Go module is not to be had, and Debian 12 has 0.14" },
  { name: "goofys", reason: "its last release is of 2020, and its successors are in none of the package registries" },
  { name: "Cyberduck duck", reason: "it is in none of the package registries" },
  { name: "Mountpoint for Amazon S3", reason: "its crate is not published" },
];
