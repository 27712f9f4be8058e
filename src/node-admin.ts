/** The admin API of a node: its own reader of control records in the main thread, the local socket, and the mail. For node.ts alone. */

import { join } from "node:path";
import { Principals } from "./account/principals.ts";
import { TemporaryCredentials } from "./account/temporary-credentials.ts";
import type { Diagnostics } from "./admin/diagnostics.ts";
import { AdminPolicies } from "./admin/policies.ts";
import { AdminPort } from "./admin/port.ts";
import { AdminError } from "./admin/problem.ts";
import { Proofs } from "./admin/proofs.ts";
import { AdminRecords } from "./admin/records.ts";
import { adminRows } from "./admin/table.ts";
import { systemClock } from "./base/clock.ts";
import { limits } from "./base/limits.ts";
import type { Log } from "./base/log.ts";
import { systemRandom } from "./base/random.ts";
import type { BucketConfiguration } from "./bucket/configuration.ts";
import { findLocked } from "./bucket/locked-versions.ts";
import type { BucketReply, BucketRequest } from "./bucket/messages.ts";
import { UsageReader } from "./bucket/usage-reader.ts";
import { openAdminSocket } from "./cli/socket.ts";
import type { Config } from "./config/schema.ts";
import { openControlSnapshot } from "./control/environment.ts";
import type { Quota } from "./control/identity-records.ts";
import { ControlReader } from "./control/reader.ts";
import type { BucketRecord } from "./control/records.ts";
import { ringSecretBox } from "./control/secret-box.ts";
import { AddressRanges, clientPlace } from "./front/client-address.ts";
import type { AskControl } from "./front/request-services.ts";
import { TenantHosts } from "./front/tenant-host.ts";
import type { KeyRing } from "./keyring/key-ring.ts";
import { defaultMailDirectory, fileMail } from "./mail/file-mail.ts";
import { fileKeeper } from "./mail/kept-mail.ts";
import { Outbox } from "./mail/outbox.ts";
import { smtpMail } from "./mail/smtp.ts";
import { makeBucket, makingPorts } from "./operations/bucket-making.ts";
import { asS3Error } from "./s3/errors.ts";
import { openSnapshot } from "./storage/lmdb.ts";
import { type UnsafeName, unsafeLmdb } from "./unsafe.ts";

export interface AdminParts {
  readonly config: Config;
  readonly dataDirectory: string;
  readonly controlDirectory: string;
  readonly keyRing: KeyRing;
  readonly askControl: AskControl;
  readonly finishDeletion: (bucket: BucketRecord) => Promise<boolean>;
  /** Rejects while the bucket's thread is away. */
  readonly setBucketQuota: (bucket: BucketRecord, quota: Pick<Quota, "bytes" | "objects">) => Promise<unknown>;
  /** As `setBucketQuota`. */
  readonly askBucket: <
    T extends "bucket.configuration" | "bucket.configure" | "bucket.open" | "events.dead" | "events.redeem",
  >(
    bucket: BucketRecord,
    type: T,
    request: BucketRequest<T>,
  ) => Promise<BucketReply<T>>;
  /** Rejects while the bucket's thread is away. */
  readonly askLocked: (
    bucket: BucketRecord,
    request: BucketRequest<"bucket.locked">,
  ) => Promise<BucketReply<"bucket.locked">>;
  readonly beginJob: (jobId: string) => void;
  /** Directories of the partitions' metadata, by number. */
  readonly partitions: readonly { readonly metadata: string }[];
  /** Where people reach the console, without a slash at its end; known once it listens. */
  readonly consoleUrl: () => string;
  readonly diagnostics: () => Diagnostics;
  readonly log: Log;
  readonly unsafe: readonly UnsafeName[];
}

export interface OpenedAdmin {
  readonly port: AdminPort;
  close(): Promise<void>;
}

/** The control records' environment is open in this process. @throws ListenError when there can be no local socket */
export async function openAdmin(parts: AdminParts): Promise<OpenedAdmin> {
  const { config, dataDirectory, keyRing, askControl, finishDeletion, consoleUrl, diagnostics, log, unsafe } = parts;
  const secrets = ringSecretBox(keyRing);
  const snapshot = openControlSnapshot({ directory: parts.controlDirectory, ...unsafeLmdb(unsafe) });
  const reader = new ControlReader(snapshot);
  const temporary = new TemporaryCredentials({ keyRing, clock: systemClock, random: systemRandom });
  const principals = new Principals({ records: reader, secrets, temporary, clock: systemClock });
  const records = new AdminRecords(reader);
  const outbox = openOutbox(parts);
  // Objects are served all the same.
  await outbox.resume().catch((error: unknown) => log.error({ error }, "mails that wait could not be read"));
  const snapshots = parts.partitions.map(({ metadata }) =>
    openSnapshot({ directory: metadata, ...unsafeLmdb(unsafe) }),
  );
  const proxies = new AddressRanges(config.trustedProxies);
  const tenants = new TenantHosts(config.domain);
  const { publicUrl } = config.console;
  const making = makingPorts(askControl, (bucket, type, setup) => parts.askBucket(bucket, type, setup).catch(refuse));
  const port = new AdminPort({
    rows: adminRows,
    services: {
      temporary,
      reader: records,
      clock: systemClock,
      random: systemRandom,
      mail: { isDelivered: config.mail !== null, post: (message) => outbox.post(message) },
      log,
      region: config.region,
      sites: [],
      policies: new AdminPolicies(principals),
      finishDeletion,
      setBucketQuota: async (bucket, quota) => {
        await parts.setBucketQuota(bucket, quota).catch(refuse);
      },
      bucketConfiguration: async (bucket, field) => {
        const { value } = await parts.askBucket(bucket, "bucket.configuration", { field }).catch(refuse);
        // A field and its value come as a pair.
        return value as BucketConfiguration[typeof field] | null;
      },
      configureBucket: async (bucket, change) => {
        await parts.askBucket(bucket, "bucket.configure", change).catch(refuse);
      },
      makeBucket: (wanted) => makeBucket(making, wanted),
      deadEvents: (bucket, asked) => parts.askBucket(bucket, "events.dead", asked).catch(refuse),
      redeemEvents: (bucket, asked) => parts.askBucket(bucket, "events.redeem", asked).catch(refuse),
      defaultOwnership: config.buckets.defaultOwnership,
      lockedIn: (bucket, bypassGovernance) =>
        findLocked((request) => parts.askLocked(bucket, request), bypassGovernance).catch((error: unknown) => {
          throw new AdminError("ServiceUnavailable", "", { cause: error });
        }),
      beginJob: parts.beginJob,
      usage: {
        control: reader,
        reader: new UsageReader(snapshots),
        clock: systemClock,
        yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
      },
      tenantOf: (host) => tenants.find(host, reader)?.accountId ?? null,
      // Whoever names a public URL without TLS has decided so.
      allowsPlainHttp: publicUrl?.startsWith("http://") ?? false,
      get consoleUrl() {
        return consoleUrl();
      },
      diagnostics,
    },
    proofs: new Proofs(records, principals),
    askControl,
    placeOf: (request) => clientPlace(request, proxies),
    publicUrl,
  });
  const socket = await openAdminSocket({ dataDirectory, handler: port.handleLocal, log });
  return {
    port,
    close: async () => {
      await socket?.close(limits.drainMs);
      await outbox.close();
      await Promise.all(snapshots.map((snapshot) => snapshot.close()));
      await reader.close();
    },
  };
}

/** What a bucket's turns refuse, as the admin API says it. */
function refuse(error: unknown): never {
  const code = asS3Error(error)?.code;
  const known = code === "OperationAborted" || code === "InsufficientStorage" ? code : "ServiceUnavailable";
  throw new AdminError(known, "", { cause: error });
}

/** By SMTP, or without a server to files beside the data. */
function openOutbox({ config, dataDirectory, keyRing, log }: AdminParts): Outbox {
  const clock = systemClock;
  const directory = defaultMailDirectory(dataDirectory);
  const mail =
    config.mail === null
      ? fileMail({
          directory,
          from: `troupe@${config.domain[0] ?? "localhost"}`,
          clock,
          random: systemRandom,
        })
      : smtpMail(config.mail);
  const keeper = fileKeeper(join(directory, "outbox"), keyRing, (name, error) =>
    log.warn({ name, error }, "a kept mail cannot be read and is left where it is"),
  );
  return new Outbox({ mail, clock, log, random: systemRandom, keeper });
}
