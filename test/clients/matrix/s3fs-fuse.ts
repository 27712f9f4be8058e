/** s3fs: a bucket mounted as a file system. */

import { execFileSync } from "node:child_process";
import {
  accessSync,
  appendFileSync,
  chmodSync,
  constants,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Client, debian, NotObtainable } from "./client.ts";
import { CommandFailed, manyKeys, type World, wrongSecret } from "./world.ts";

/** Mounts a bucket; the mount is there when this resolves. @returns its directory */
async function mount(world: World, bucket: string, secret: string): Promise<string> {
  const { keys, endpoint, home } = world.options;
  const password = world.scratch("password");
  writeFileSync(password, `${keys.accessKeyId}:${secret}\n`);
  chmodSync(password, 0o600);
  const directory = world.scratch(`mount-${bucket}`);
  mkdirSync(directory, { recursive: true });
  const settings = [`passwd_file=${password}`, `url=${endpoint}`, "use_path_request_style"];
  const options = settings.flatMap((setting) => ["-o", setting]);
  // s3fs believes the bundle that CURL_CA_BUNDLE names.
  const environment = world.isTls ? { CURL_CA_BUNDLE: world.options.certificate } : {};
  await world.run([`${home}/bin/s3fs`, bucket, directory, ...options], { environment });
  return directory;
}

const unmount = (directory: string): void => {
  execFileSync("umount", [directory], { stdio: "ignore" });
};

async function useMount(world: World, directory: string): Promise<void> {
  const { files, multipart } = world.options;
  for (const file of [...files, multipart]) {
    const path = join(directory, file.key);
    mkdirSync(join(path, ".."), { recursive: true });
    cpSync(file.path, path);
    await world.stored(file);
    await world.received(path, file);
  }
  world.did(`write, read of ${files.length + 1} sizes and names`);
  // It uploads parts from 25 MB on, and copies what is there already.
  const content = readFileSync(multipart.path);
  const double = join(directory, "double");
  writeFileSync(double, Buffer.concat([content, content]));
  await world.isMultipart("double");
  appendFileSync(double, content);
  if (!readFileSync(double).equals(Buffer.concat([content, content, content]))) throw new Error("appending 17 MiB");
  world.did("multipart, append by copied parts");
  rmSync(double);
  renameSync(join(directory, multipart.key), join(directory, "renamed file.bin"));
  await world.stored(multipart, "renamed file.bin");
  await world.absent(multipart.key);
  appendFileSync(join(directory, "appended"), "one ");
  appendFileSync(join(directory, "appended"), "two");
  chmodSync(join(directory, "appended"), 0o600);
  const appended = await world.wire.send("GET", `/${world.options.bucket}/appended`);
  if (appended.body.toString() !== "one two") throw new Error(`appending stored ${appended.body.toString()}`);
  world.did("rename, append, chmod");
  const names = readdirSync(directory);
  if (names.length !== files.length + 2) throw new Error(`lists ${names.join(", ")}`);
  for (const name of names) rmSync(join(directory, name), { recursive: true });
  if ((await world.keys()).length > 0) throw new Error("deleting left something");
  world.did("list, delete a tree");
}

export const s3fsFuse: Client = {
  name: "s3fs (FUSE)",
  version: "1.90-1",
  obtained: "apt",
  budgetSeconds: 60,
  install: async () => {
    const home = await debian("s3fs");
    try {
      accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
    } catch {
      throw new NotObtainable("/dev/fuse is not usable here: nothing can be mounted");
    }
    return home;
  },
  exercise: async (world) => {
    const { bucket, manyBucket, keys } = world.options;
    await world.wire.send("PUT", `/${bucket}`);
    const directory = await mount(world, bucket, keys.secretAccessKey);
    try {
      world.did("mount");
      await useMount(world, directory);
    } finally {
      unmount(directory);
    }
    const many = await mount(world, manyBucket, keys.secretAccessKey);
    try {
      const found = readdirSync(many).length;
      if (found !== manyKeys) throw new Error(`lists ${found} of ${manyKeys} keys`);
      world.did(`list ${manyKeys} keys`);
    } finally {
      unmount(many);
    }
    const { certificate, home, endpoint } = world.options;
    const password = world.scratch("password");
    writeFileSync(password, `${keys.accessKeyId}:${wrongSecret}\n`);
    const settings = ["-f", "-o", `passwd_file=${password}`, "-o", `url=${endpoint}`, "-o", "use_path_request_style"];
    const environment = world.isTls ? { CURL_CA_BUNDLE: certificate } : {};
    // In the foreground it tells why, and ends by itself: whether with 0 depends on its version.
    const words = ["timeout", "30", `${home}/bin/s3fs`, bucket, directory, ...settings];
    const said = await world.run(words, { environment }).catch((error: unknown) => {
      if (error instanceof CommandFailed && error.code !== 124) return error.printed;
      throw error;
    });
    if (!/result of checking service/.test(said.stdout + said.stderr))
      throw new Error(`a wrong secret: ${said.stdout}${said.stderr}`);
    if (readFileSync("/proc/mounts", "utf8").includes(directory)) throw new Error("a wrong secret mounts");
    world.did("wrong secret");
  },
};
