/** mc, MinIO's command line. */

import { copyFileSync } from "node:fs";
import { type Client, goPrograms } from "./client.ts";
import { useCommands } from "./exercise.ts";
import { useMcFeatures } from "./features-mc.ts";
import type { World } from "./world.ts";

/** mc with a configuration of its own that knows the node as "troupe". */
async function mcOf(world: World) {
  const { home, keys, certificate, endpoint } = world.options;
  const folder = world.scratch("config");
  if (world.isTls) copyFileSync(certificate, world.scratch("config/certs/CAs/troupe.crt"));
  const mc = (...words: string[]) => world.run([`${home}/mc`, "--config-dir", folder, ...words]);
  await mc("alias", "set", "troupe", endpoint, keys.accessKeyId, keys.secretAccessKey);
  return { mc, folder };
}

export const mc: Client = {
  name: "mc",
  version: "2025-03-13",
  obtained: "go",
  long: true,
  budgetSeconds: 90,
  install: () => goPrograms("mc", ["github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9"]),
  exercise: async (world) => {
    const { bucket, home, keys, endpoint, multipart } = world.options;
    const { mc, folder } = await mcOf(world);
    const url = (key: string): string => `troupe/${bucket}/${key}`;
    await useCommands(world, {
      makeBucket: (name) => mc("mb", `troupe/${name}`),
      removeBucket: (name) => mc("rb", `troupe/${name}`),
      put: (path, key) => mc("cp", path, url(key)),
      get: (key, path) => mc("cp", url(key), path),
      remove: (key) => mc("rm", url(key)),
      copy: (from, to) => mc("cp", url(from), url(to)),
      move: (from, to) => mc("mv", url(from), url(to)),
      list: (name) => mc("ls", "--recursive", `troupe/${name}`),
      presignGet: async (key) => {
        const { stdout } = await mc("share", "download", "--json", url(key));
        return (JSON.parse(stdout) as { share: string }).share;
      },
      syncUp: (directory, prefix) => mc("mirror", "--overwrite", "--remove", directory, url(prefix)),
      syncDown: (prefix, directory) => mc("mirror", url(prefix), directory),
      removeAll: (prefix) => mc("rm", "--recursive", "--force", url(prefix)),
      refused: async (secret) => {
        // It takes the bare 403 of a HEAD for good credentials without a permission; the first listing tells.
        await mc("alias", "set", "wrong", endpoint, keys.accessKeyId, secret);
        return mc("ls", `wrong/${bucket}`);
      },
      large: "multipart",
    });
    await mc("mb", `troupe/${bucket}`);
    await world.run([`${home}/mc`, "--config-dir", folder, "pipe", url("piped")], { inputFile: multipart.path });
    await world.stored(multipart, "piped");
    await mc("stat", url("piped"));
    await mc("rm", url("piped"));
    world.did("pipe, stat");
  },
  features: async (world) => useMcFeatures(world, (await mcOf(world)).mc),
};
