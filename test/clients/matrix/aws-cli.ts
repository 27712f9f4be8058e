/** The AWS command line, versions 1 (pip) and 2 (Debian). */

import { writeFileSync } from "node:fs";
import { keyCsv } from "#src/account/key-csv.ts";
import { type Client, debian, python } from "./client.ts";
import { type Commands, useCommands } from "./exercise.ts";
import { useAwsFeatures } from "./features-aws-cli.ts";
import type { World } from "./world.ts";

function commands(world: World, program: string): Commands {
  const { bucket, endpoint } = world.options;
  const aws = (...words: string[]) => world.run([program, "--endpoint-url", endpoint, ...words]);
  const url = (key: string): string => `s3://${bucket}/${key}`;
  return {
    makeBucket: (name) => aws("s3", "mb", `s3://${name}`),
    removeBucket: (name) => aws("s3", "rb", `s3://${name}`),
    put: (path, key) => aws("s3", "cp", path, url(key)),
    get: (key, path) => aws("s3", "cp", url(key), path),
    remove: (key) => aws("s3", "rm", url(key)),
    copy: (from, to) => aws("s3", "cp", url(from), url(to)),
    move: (from, to) => aws("s3", "mv", url(from), url(to)),
    list: (name) => aws("s3", "ls", "--recursive", `s3://${name}`),
    presignGet: async (key) => (await aws("s3", "presign", url(key))).stdout.trim(),
    syncUp: (directory, prefix) => aws("s3", "sync", "--delete", directory, url(prefix)),
    syncDown: (prefix, directory) => aws("s3", "sync", url(prefix), directory),
    removeAll: (prefix) => aws("s3", "rm", "--recursive", url(prefix)),
    refused: (secret) =>
      world.run([program, "--endpoint-url", endpoint, "s3", "ls", `s3://${bucket}`], {
        environment: { AWS_SECRET_ACCESS_KEY: secret },
      }),
    large: "multipart",
  };
}

/** Calls of `aws s3api` beside the transfers: metadata, conditions, a multipart upload by hand. */
async function useApi(world: World, program: string): Promise<void> {
  const { bucket, endpoint, files } = world.options;
  const api = async (...words: string[]): Promise<string> =>
    (await world.run([program, "--endpoint-url", endpoint, "s3api", ...words, "--bucket", bucket])).stdout;
  const [, one] = files;
  if (one === undefined) throw new Error("no file");
  await world.run([program, "--endpoint-url", endpoint, "s3api", "create-bucket", "--bucket", bucket]);
  const tagged = ["--metadata", "colour=blue,shape=round", "--content-type", "text/plain"];
  await api("put-object", "--key", "api", "--body", one.path, ...tagged);
  const head = await api("head-object", "--key", "api");
  if (!head.includes('"colour": "blue"') || !head.includes('"text/plain"')) throw new Error(`metadata: ${head}`);
  await api("get-object-attributes", "--key", "api", "--object-attributes", "ETag", "ObjectSize", "StorageClass");
  await world.mustFail(
    world.run([
      ...[program, "--endpoint-url", endpoint, "s3api", "get-object", "--bucket", bucket, "--key", "nothing"],
      world.scratch("nothing"),
    ]),
    /NoSuchKey/,
  );
  await api("delete-objects", "--delete", "Objects=[{Key=api},{Key=nothing}]");
  await world.absent("api");
  await api("delete-bucket");
  world.did("s3api: metadata, attributes, NoSuchKey, delete-objects");
}

/** The file of a key pair, as the console hands it out, becomes a profile whose key signs. Version 1 cannot import. */
async function importKey(world: World, program: string): Promise<void> {
  const { endpoint, keys, manyBucket } = world.options;
  const file = world.scratch("key.csv");
  writeFileSync(file, keyCsv("ann@example.com", keys));
  const environment = {
    AWS_SHARED_CREDENTIALS_FILE: world.scratch("imported-credentials"),
    AWS_ACCESS_KEY_ID: "",
    AWS_SECRET_ACCESS_KEY: "",
  };
  await world.run([program, "configure", "import", "--csv", `file://${file}`], { environment });
  const list = ["s3api", "list-objects-v2", "--bucket", manyBucket, "--max-items", "1", "--profile", "ann@example.com"];
  const { stdout } = await world.run([program, "--endpoint-url", endpoint, ...list], { environment });
  if (!stdout.includes('"Key"')) throw new Error(`the imported key does not list: ${stdout}`);
  world.did("configure import of a key pair's CSV");
}

async function exercise(world: World, program: string): Promise<void> {
  await useCommands(world, commands(world, program));
  await useApi(world, program);
}

export const awsCli1: Client = {
  name: "aws-cli v1",
  version: "1.46.3",
  obtained: "pip",
  budgetSeconds: 120,
  install: () => python("aws", ["awscli==1.46.3", "boto3==1.44.5"]),
  exercise: (world) => exercise(world, `${world.options.home}/bin/aws`),
  features: (world) => useAwsFeatures(world, `${world.options.home}/bin/aws`),
  featuresLong: true,
};

export const awsCli2: Client = {
  name: "aws-cli v2",
  version: "2.9.19",
  obtained: "apt",
  budgetSeconds: 120,
  install: () => debian("awscli"),
  exercise: async (world) => {
    const program = `${world.options.home}/bin/aws`;
    await exercise(world, program);
    await importKey(world, program);
  },
  features: (world) => useAwsFeatures(world, `${world.options.home}/bin/aws`),
};
