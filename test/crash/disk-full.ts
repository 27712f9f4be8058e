/** A full disk: writes are refused with a clear error, reads and deletes go on, freed space can be used again, nothing is lost. */

import { join } from "node:path";
import { digestOf, Journal } from "../support/journal.ts";
import { LoopDisk } from "../support/loop-disk.ts";
import { NodeProcess, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import { runSuite } from "../support/suite.ts";

const MiB = 1024 * 1024;
const bucket = "full";

await runSuite("disk-full", async ({ directory, say, check }) => {
  const disk = LoopDisk.create(directory, "disk", 256 * MiB);
  try {
    const data = join(disk.mount, "data");
    const node = await NodeProcess.start({ data, logFile: join(directory, "node.log"), environment: { TROUPE_STORAGE_BALLAST_BYTES: "2000000" } });
    const client = new S3Client({ endpoint: node.endpoint, ...testKeys });
    const journal = new Journal();
    await client.send("PUT", `/${bucket}`);
    const refusals = new Map<string, number>();
    let refused = 0;
    for (let number = 0; refused < 30 && number < 4000; number++) {
      const body = Buffer.alloc([2000, 60_000, 1_500_000][number % 3] ?? 0, number % 251);
      body.writeUInt32LE(number);
      const key = `key-${number}`;
      journal.attempt(key, digestOf(body));
      const answer = await client.send("PUT", `/${bucket}/${key}`, { body });
      if (answer.status === 200) journal.acknowledge(key, digestOf(body));
      else {
        refused += 1;
        const code = `${answer.status} ${/<Code>([^<]+)</.exec(answer.body.toString())?.[1]}`;
        refusals.set(code, (refusals.get(code) ?? 0) + 1);
      }
    }
    say(
      `${journal.acknowledgedCount} writes until full; refusals: ${[...refusals].map(([code, n]) => `${code}: ${n}`).join(", ")}`,
    );
    check("writes were refused", refused === 30);
    check(
      "each refusal names the reason",
      [...refusals.keys()].every((code) => /^50[37] (InsufficientStorage|SlowDown|ServiceUnavailable)$/.test(code)),
    );
    const verify = async (from: S3Client, skip: ReadonlySet<string>): Promise<number> => {
      let wrong = 0;
      for (const key of journal.keys()) {
        if (skip.has(key)) continue;
        const answer = await from.send("GET", `/${bucket}/${key}`);
        if (!journal.mayHold(key, answer.status === 200 ? digestOf(answer.body) : null)) wrong += 1;
      }
      return wrong;
    };
    check("everything acknowledged is readable on the full disk", (await verify(client, new Set())) === 0);
    const gone = new Set(journal.keys().slice(0, Math.ceil(journal.keys().length * 0.6)));
    let deletesRefused = 0;
    for (const key of gone) if ((await client.send("DELETE", `/${bucket}/${key}`)).status !== 204) deletesRefused += 1;
    check("deletes work on the full disk", deletesRefused === 0);
    let writable = false;
    for (let attempt = 0; attempt < 60 && !writable; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      writable = (await client.send("PUT", `/${bucket}/after`, { body: Buffer.alloc(1_500_000, 1) })).status === 200;
    }
    check("freed space is used again", writable);
    check("the rest is still whole", (await verify(client, gone)) === 0);
    check("the process lives and stops cleanly", (await node.stop()) === 0);
    const again = await NodeProcess.start({ data, logFile: join(directory, "node.log") });
    const reader = new S3Client({ endpoint: again.endpoint, ...testKeys });
    check("the rest is whole after a restart", (await verify(reader, gone)) === 0);
    await again.kill();
  } finally {
    disk.remove();
  }
});
