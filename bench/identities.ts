/**
 * CPU time of a GET by how many users an installation has: two nodes of this checkout, one with 10 users and one with
 * 100,000, over the same accounts and buckets, take turns, A B, B A. Each case is a ratio of pairs of rounds:
 * - one user: every request of one user, whose records and signing key are at hand;
 * - ten users: the same ten users at both nodes in turn;
 * - first time: each request of a user who has not signed yet since the large node's start: it reads the user's records,
 *   opens the secret, derives the signing key and notes the key's first use. Once per user, that is, not once per request;
 * - every user: each request of the next of all users, when all have signed before, and their keys' last use is written down.
 * Run: `node dist/bench/identities.js [--users 100000] [--rounds 8] [--requests 4000]`.
 */

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { call, explain } from "./bucket.ts";
import { BenchError } from "./failure.ts";
import { cpuMicrosBetween, processTree, readCpuTimes } from "./process-usage.ts";
import { objectPath, signedRequest, type Target } from "./request.ts";
import { type Server, startNode } from "./server.ts";
import { median, ratioSpread } from "./statistics.ts";

const accounts = 10;
const connections = 16;
const fewUsers = 10;
const key = "object";
const body = "0".repeat(1000);
/** Signatures are made anew for each round: they hold for 15 minutes. */
const discardedRounds = 2;
/** The first start writes every user. */
const readyMs = 10 * 60 * 1000;
/** The node writes down once a minute when keys were last used. */
const handOverMs = 70 * 1000;

const { values } = parseArgs({
  options: {
    users: { type: "string", default: "100000" },
    rounds: { type: "string", default: "8" },
    requests: { type: "string", default: "4000" },
  },
});
const manyUsers = Number(values.users);
const rounds = Number(values.rounds);
const requests = Number(values.requests);

const accountOf = (user: number): number => user % accounts;
const bucketOf = (account: number): string => `bench-identities-${account}`;
const secretOf = (name: string): string => createHash("sha256").update(name).digest("base64").slice(0, 40);
const keyOf = (name: string) => ({ accessKeyId: `BENCH${name.toUpperCase()}`, secretAccessKey: secretOf(name) });
const rootName = (account: number): string => `root${account}`;
const userName = (user: number): string => `user${user}`;

/** The accounts with as many users, each of whom may read; users with one number are the same in every document. */
function identities(users: number): string {
  const members = Array.from({ length: accounts }, (): object[] => []);
  for (let user = 0; user < users; user++) {
    const name = userName(user);
    const email = `${name}@example.com`;
    members[accountOf(user)]?.push({
      name,
      email,
      role: "user",
      policies: ["AmazonS3ReadOnlyAccess"],
      keys: [keyOf(name)],
    });
  }
  const documents = members.map((held, account) => ({
    accountId: String(300_000_000_000 + account),
    canonicalId: `canonical-${account}`,
    displayName: `account ${account}`,
    kind: "customer",
    parent: "100000000000",
    root: { email: `root@${account}.example.com`, keys: [keyOf(rootName(account))] },
    users: held,
  }));
  const root = { email: "root@example.com", keys: [] };
  const operator = {
    accountId: "100000000000",
    canonicalId: "operator",
    displayName: "operator",
    kind: "operator",
    root,
  };
  return JSON.stringify({ accounts: [operator, ...documents] });
}

async function start(directory: string, users: number): Promise<Server> {
  const file = join(directory, `identities-${users}.json`);
  writeFileSync(file, identities(users));
  const main = fileURLToPath(new URL("../main.js", import.meta.url));
  const places = `--data {data} --s3 127.0.0.1:{port} --console 127.0.0.1:{console}`;
  const command = `'${process.execPath}' '${main}' serve ${places} --identities '${file}'`;
  const server = await startNode({ name: `${users} users`, data: join(directory, `data-${users}`), command, readyMs });
  for (let account = 0; account < accounts; account++) {
    const target = { ...server.target, ...keyOf(rootName(account)) };
    const bucket = bucketOf(account);
    for (const asked of [
      { method: "PUT", bucket },
      { method: "PUT", bucket, key, body },
    ]) {
      const called = await call(target, asked);
      if (called.status !== 200) throw explain(target, `${asked.method} ${bucket}`, called);
    }
  }
  return server;
}

/** A GET of the object in the user's account, signed by the user. */
function requestOf(target: Target, user: number): Buffer {
  const path = objectPath(bucketOf(accountOf(user)), key);
  return signedRequest({ ...target, ...keyOf(userName(user)) }, "GET", path, "", Buffer.alloc(0));
}

/** Sends requests over one connection, one after the other. @throws BenchError for an answer that is not 200 */
function drive(socket: Socket, next: () => Buffer | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    const send = (): void => {
      const request = next();
      if (request === undefined) resolve();
      else socket.write(request);
    };
    socket.on("error", reject);
    socket.on("close", () => reject(new BenchError("the node closed a connection")));
    socket.on("data", (piece) => {
      text += piece.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
      if (end === -1 || text.length < end + 4 + length) return;
      if (!text.startsWith("HTTP/1.1 200")) reject(new BenchError(text.slice(0, 2000)));
      text = "";
      send();
    });
    send();
  });
}

/** One node and the users who sign at it. */
class Side {
  readonly server: Server;
  readonly #users: number;
  #nextUser = 0;

  constructor(server: Server, users: number) {
    this.server = server;
    this.#users = users;
  }

  /** The next turn of all begins, with the first user who has not signed yet. */
  beginTurn(): void {
    this.#nextUser = fewUsers;
  }

  /** Lets the users who are still due in this turn of all sign once. */
  async finishTurn(): Promise<void> {
    while (this.#nextUser < this.#users) await this.round(this.#users);
  }

  /** @param among users that sign in turn; all when there are fewer @returns CPU µs of the node for each request */
  async round(among: number): Promise<number> {
    const count = Math.min(among, this.#users);
    const user = (index: number): number => (this.#nextUser + index) % count;
    const made = Array.from({ length: requests }, (_, index) => requestOf(this.server.target, user(index)));
    this.#nextUser += requests;
    let sent = 0;
    // Connections of its own for each round: a node closes those that are idle while the other has its turn.
    const { host, port } = this.server.target;
    const sockets = Array.from({ length: connections }, () => connect({ host, port, noDelay: true }));
    const ids = processTree(this.server.pids);
    const before = readCpuTimes(ids);
    try {
      await Promise.all(sockets.map((socket) => drive(socket, () => made[sent++])));
      return cpuMicrosBetween(before, readCpuTimes(ids)) / requests;
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  }
}

/** Pairs of rounds, which begin with either node in turn. */
async function compare(name: string, few: Side, many: Side, among: number): Promise<void> {
  const micros = { few: [] as number[], many: [] as number[] };
  for (let round = 0; round < rounds + discardedRounds; round++) {
    const order = round % 2 === 0 ? (["few", "many"] as const) : (["many", "few"] as const);
    const found = { few: 0, many: 0 };
    for (const side of order) found[side] = await (side === "few" ? few : many).round(among);
    if (round < discardedRounds) continue;
    micros.few.push(found.few);
    micros.many.push(found.many);
  }
  const { median: ratio, low, high } = ratioSpread(micros.few, micros.many);
  const cost = (values: readonly number[]): string => `${median(values).toFixed(1).padStart(7)} µs`;
  console.log(
    `${name.padEnd(12)} ${cost(micros.few)} ${cost(micros.many)}   ratio ${ratio.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`,
  );
}

const directory = mkdtempSync(join(tmpdir(), "troupe-bench-identities-"));
const servers: Server[] = [];
try {
  for (const users of [fewUsers, manyUsers]) servers.push(await start(directory, users));
  const [small, large] = servers;
  if (small === undefined || large === undefined) throw new BenchError("two nodes are compared");
  const few = new Side(small, fewUsers);
  const many = new Side(large, manyUsers);
  console.log(`CPU of the node for a GET of 1 kB, ${rounds} pairs of rounds of ${requests} requests`);
  console.log(`${"".padEnd(12)} ${`${fewUsers} users`.padStart(10)} ${`${manyUsers} users`.padStart(10)}`);
  await compare("one user", few, many, 1);
  await compare("ten users", few, many, fewUsers);
  many.beginTurn();
  await compare("first time", few, many, manyUsers);
  await many.finishTurn();
  await pause(handOverMs);
  many.beginTurn();
  await many.finishTurn();
  await compare("every user", few, many, manyUsers);
} finally {
  for (const server of servers) await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
