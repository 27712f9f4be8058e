/** What mc does beyond objects' bytes. */

import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { everybodyGets, headersOf, holds, keyNames, shows, visit } from "./features.ts";
import type { Printed, World } from "./world.ts";

type Mc = (...words: string[]) => Promise<Printed>;

const origin = "https://app.example.com";
const corsDocument = `<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CORSRule><AllowedOrigin>${origin}</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>`;

export async function useMcFeatures(world: World, mc: Mc): Promise<void> {
  const { bucket, files, multipart } = world.options;
  const [, one] = files;
  if (one === undefined) throw new Error("no file");
  const [url, path] = [`troupe/${bucket}`, `/${bucket}`];
  await mc("mb", url);
  await mc("cp", "--tags", "state=new&team=blue", one.path, `${url}/page`);
  await mc("anonymous", "set", "download", url);
  await everybodyGets(world, `${path}/page`, 200);
  holds("anonymous get", (await mc("anonymous", "get", url)).stdout, "download");
  await mc("anonymous", "set", "private", url);
  await everybodyGets(world, `${path}/page`, 403);
  world.did("anonymous set, get");
  await shows(world, `${path}/page`, "tagging", "<Key>state</Key>", "<Value>blue</Value>");
  for (const target of [url, `${url}/page`]) {
    await mc("tag", "set", target, "team=green");
    holds("tag list", (await mc("tag", "list", target)).stdout, "team", "green");
    await mc("tag", "remove", target);
  }
  await shows(world, path, "tagging", "NoSuchTagSet");
  world.did("cp --tags, tag set, list, remove");
  await mc("version", "enable", url);
  holds("version info", (await mc("version", "info", url)).stdout, "enabled");
  await mc("ilm", "rule", "add", "--prefix", "logs/", "--expire-days", "3", "--noncurrent-expire-days", "4", url);
  holds("ilm rule ls", (await mc("ilm", "rule", "ls", url)).stdout, "logs/", "3");
  await shows(world, path, "lifecycle", "<Days>3</Days>", "<NoncurrentDays>4</NoncurrentDays>");
  await mc("ilm", "rule", "rm", "--all", "--force", url);
  await shows(world, path, "lifecycle", "NoSuchLifecycleConfiguration");
  world.did("version enable, ilm rule add, ls, rm");
  const document = world.scratch("cors.xml");
  writeFileSync(document, corsDocument);
  await mc("cors", "set", url, document);
  holds("cors get", (await mc("cors", "get", url)).stdout, origin);
  const { status } = await visit(world, "OPTIONS", `${path}/page`, { origin, "access-control-request-method": "GET" });
  if (status !== 200) throw new Error(`preflight: ${status}`);
  await mc("cors", "remove", url);
  world.did("cors set, get, remove, a preflight");
  await mc("encrypt", "set", "sse-s3", url);
  holds("encrypt info", (await mc("encrypt", "info", url)).stdout, /sse-s3|AES256/i);
  await mc("cp", multipart.path, `${url}/default`);
  holds("HEAD", String((await headersOf(world, `${path}/default`))["x-amz-server-side-encryption"]), "AES256");
  await world.stored(multipart, "default");
  await mc("encrypt", "clear", url);
  world.did("encrypt set, info, clear");
  if (world.isTls) await useKeys(world, mc);
  await useLocks(world, mc, one.path);
}

/** Without TLS it sends neither. */
async function useKeys(world: World, mc: Mc): Promise<void> {
  const { bucket, multipart } = world.options;
  const url = `troupe/${bucket}`;
  await mc("cp", "--enc-kms", `${url}/kms=${keyNames[1]}`, multipart.path, `${url}/kms`);
  holds("HEAD", String((await headersOf(world, `/${bucket}/kms`))["x-amz-server-side-encryption"]), "aws:kms");
  await world.stored(multipart, "kms");
  const own = ["--enc-c", `${url}/own=${createHash("sha256").update("a customer's key").digest("hex")}`];
  await mc("cp", ...own, multipart.path, `${url}/own`);
  const { status } = await world.wire.send("GET", `/${bucket}/own`);
  if (status !== 400) throw new Error(`without the customer's key: ${status}`);
  const received = world.scratch("own");
  await mc("cp", ...own, `${url}/own`, received);
  await world.received(received, multipart);
  await mc("cp", ...own, `${url}/own`, `${url}/clear`);
  await world.stored(multipart, "clear");
  world.did("cp --enc-kms, --enc-c by parts and through a copy");
}

async function useLocks(world: World, mc: Mc, file: string): Promise<void> {
  const locked = `${world.options.bucket}-locked`;
  const url = `troupe/${locked}`;
  await mc("mb", "--with-lock", url);
  await mc("retention", "set", "--default", "governance", "2d", url);
  await shows(world, `/${locked}`, "object-lock", "<Mode>GOVERNANCE</Mode>", "<Days>2</Days>");
  await mc("cp", file, `${url}/held`);
  holds("retention info", (await mc("retention", "info", `${url}/held`)).stdout, /governance/i);
  const { headers } = await world.wire.send("HEAD", `/${locked}/held`);
  const version = ["--version-id", String(headers["x-amz-version-id"])];
  await world.mustFail(mc("rm", ...version, `${url}/held`), /Access ?Denied|WORM|retention/i);
  await mc("legalhold", "set", `${url}/held`);
  await shows(world, `/${locked}/held`, "legal-hold", "<Status>ON</Status>");
  await world.mustFail(mc("rm", ...version, "--bypass", `${url}/held`), /Access ?Denied|WORM|hold/i);
  await mc("legalhold", "clear", `${url}/held`);
  await mc("rm", ...version, "--bypass", `${url}/held`);
  await world.absent("held", locked);
  world.did("mb --with-lock, retention, legalhold, refused deletes, rm --bypass");
}
