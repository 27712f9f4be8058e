/** One real node that many sequences work on at the same time; any of them may kill it, and all go on after its restart. */

import { freePort, NodeProcess, testKeys } from "../support/node-process.ts";
import { S3Client } from "../support/s3-client.ts";
import type { Request } from "./state.ts";
import { type Observed, send } from "./wire.ts";

interface SharedNodeOptions {
  readonly data: string;
  /** Where the built product lies; default: this repository. */
  readonly root?: string;
}

/** A restart on a busy machine. */
const readyMs = 60_000;

export class SharedNode {
  crashes = 0;
  requests = 0;
  readonly #options: SharedNodeOptions & { readonly port: number };
  #node: NodeProcess;
  #client: S3Client;
  #ready: Promise<void> = Promise.resolve();
  #isDown = false;

  private constructor(options: SharedNodeOptions & { readonly port: number }, node: NodeProcess) {
    this.#options = options;
    this.#node = node;
    this.#client = new S3Client({ endpoint: node.endpoint, ...testKeys, connections: 64 });
  }

  static async start(options: SharedNodeOptions): Promise<SharedNode> {
    const own = { ...options, port: await freePort() };
    return new SharedNode(own, await NodeProcess.start({ ...own, readyMs }));
  }

  /** @returns the answer, or null when the node was killed before it came */
  async send(bucket: string, request: Request): Promise<Observed | null> {
    await this.#ready;
    const { crashes } = this;
    this.requests += 1;
    try {
      return await send(this.#client, bucket, request);
    } catch (error) {
      if (this.crashes === crashes) throw error;
      await this.#ready;
      return null;
    }
  }

  /** kill -9 and restart on the same data. */
  async crash(): Promise<void> {
    if (!this.#isDown) {
      this.#isDown = true;
      this.crashes += 1;
      this.#ready = this.#restart();
    }
    await this.#ready;
  }

  async #restart(): Promise<void> {
    await this.#node.kill();
    this.#client.close();
    this.#node = await NodeProcess.start({ ...this.#options, readyMs });
    this.#client = new S3Client({ endpoint: this.#node.endpoint, ...testKeys, connections: 64 });
    this.#isDown = false;
  }

  async kill(): Promise<void> {
    await this.#ready.catch(() => undefined);
    this.#client.close();
    await this.#node.kill();
  }

  /** @returns the exit code after SIGTERM */
  async stop(): Promise<number | string> {
    this.#client.close();
    return this.#node.stop();
  }
}
