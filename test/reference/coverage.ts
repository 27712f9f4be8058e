/** What a run reached, and what it must reach: the whole product of the vocabulary but what cannot be. */

import { heldDocuments } from "./documents.ts";
import {
  aclOperations,
  algorithms,
  bypasses,
  checksumTypes,
  conditions,
  coreOperations,
  type ErrorCode,
  encryptionKinds,
  events,
  featureAnswers,
  featureOperations,
  formAnswers,
  formFaults,
  judgedOperations,
  keyFits,
  type NullState,
  nullOperations,
  nullStates,
  type Operation,
  operations,
  originAnswers,
  outcomes,
  owners,
  type Point,
  protections,
  readForms,
  requesters,
  statusOf,
  verdicts,
  versioningStates,
} from "./vocabulary.ts";

const errorCodes = Object.keys(statusOf) as ErrorCode[];

/** What a bucket that was never versioned can hold: at most one version of a key, which is the null version. Total. */
const inUnversioned: Readonly<Record<NullState, boolean>> = {
  "no versions": true,
  "no null version": false,
  "null current": true,
  "null older": false,
  "null marker current": false,
  "null marker older": false,
};

/** Points that no request can reach, with the reason. */
const impossible: Partial<Record<Point, string>> = {
  "checksum CRC64NVME COMPOSITE": "CRC64NVME is always of the full object",
  "decision owner ListObjectsV2 refused": "no policy of the suite denies it",
  "decision limited GetObject allowed": "its own policy denies it",
  "decision limited HeadObject allowed": "its own policy denies it",
  "decision limited GetObjectAttributes allowed": "its own policy denies it",
  "decision limited ListObjectsV2 refused": "no policy of the suite denies it",
  "decision stranger GetObjectAttributes allowed": "no policy of the suite allows it",
  "decision anonymous GetObjectAttributes allowed": "no policy of the suite allows it",
  ...Object.fromEntries(
    (["stranger's", "anonymous's"] as const).flatMap((whose) =>
      (["GetObjectAcl", "PutObjectAcl"] as const).map((operation) => [
        `object of ${whose === "stranger's" ? "anonymous" : "stranger"}, ${whose} ${operation} allowed`,
        "no canned ACL grants it to groups",
      ]),
    ),
  ),
  "part of unencrypted right key": "no key fits",
  "part of SSE-S3 right key": "no key fits",
  "part of SSE-KMS right key": "no key fits",
  "read unencrypted wrong key": "no key fits",
  "read SSE-S3 wrong key": "no key fits",
  "read SSE-KMS wrong key": "no key fits",
  ...Object.fromEntries(
    nullStates
      .filter((state) => !inUnversioned[state])
      .flatMap((state) => nullOperations.map((operation) => [`Off, ${state} × ${operation}`, "never versioned"])),
  ),
};

/** Points that only chance decides. */
const unforeseeable: Partial<Record<Point, string>> = {
  "event in flight: undecided": "a request that was cut off had no effect, or one that nothing shows",
};

export const allPoints: readonly Point[] = [
  ...operations.map((operation) => `operation ${operation}` as const),
  ...versioningStates.flatMap((state) =>
    coreOperations.map((operation) => `versioning ${state} × ${operation}` as const),
  ),
  ...versioningStates.flatMap((versioning) =>
    nullStates.flatMap((state) => nullOperations.map((operation) => `${versioning}, ${state} × ${operation}` as const)),
  ),
  ...conditions.flatMap((condition) => outcomes.map((outcome) => `${condition} ${outcome}` as const)),
  ...algorithms.flatMap((algorithm) => checksumTypes.map((type) => `checksum ${algorithm} ${type}` as const)),
  ...heldDocuments,
  ...formFaults.map((fault) => `form ${fault}` as const),
  ...formAnswers.map((status) => `form ${status}` as const),
  ...encryptionKinds.flatMap((kind) => keyFits.map((fit) => `part of ${kind} ${fit}` as const)),
  ...encryptionKinds.flatMap((kind) => [`copied part into ${kind}`, `copied part from ${kind}`] as const),
  ...encryptionKinds.map((kind) => `completed ${kind}` as const),
  ...owners.flatMap((owner) =>
    owners.flatMap((who) =>
      aclOperations.flatMap((operation) =>
        verdicts.map((verdict) => `object of ${owner}, ${who}'s ${operation} ${verdict}` as const),
      ),
    ),
  ),
  ...originAnswers.map((one) => `origin ${one}` as const),
  ...errorCodes.map((code) => `error ${code}` as const),
  ...readForms.map((form) => `read ${form}` as const),
  ...events.map((event) => `event ${event}` as const),
  ...featureOperations.flatMap((operation) =>
    featureAnswers[operation].map((outcome) => `answer ${operation} ${outcome}` as const),
  ),
  ...requesters.flatMap((who) =>
    judgedOperations.flatMap((operation) =>
      verdicts.map((verdict) => `decision ${who} ${operation} ${verdict}` as const),
    ),
  ),
  ...protections.flatMap((protection) => bypasses.map((bypass) => `removal ${protection} ${bypass}` as const)),
  ...encryptionKinds.flatMap((kind) => keyFits.map((fit) => `read ${kind} ${fit}` as const)),
];

export class Coverage {
  readonly #counts = new Map<Point, number>();
  readonly #outcomes = new Map<Operation, Map<string, number>>();

  readonly reach = (point: Point): void => {
    this.#counts.set(point, (this.#counts.get(point) ?? 0) + 1);
  };

  readonly outcome = (operation: Operation, outcome: "done" | ErrorCode): void => {
    const counts = this.#outcomes.get(operation) ?? new Map<string, number>();
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    this.#outcomes.set(operation, counts);
  };

  /** What each operation answered, and how often. */
  outcomes(): readonly string[] {
    return operations.map((operation) => {
      const counts = [...(this.#outcomes.get(operation) ?? [])].sort(([, a], [, b]) => b - a);
      return `${operation}: ${counts.map(([outcome, count]) => `${outcome} ${count}`).join(", ")}`;
    });
  }

  /** Points that had to be reached and were not. */
  missing(): readonly Point[] {
    return allPoints.filter(
      (point) => impossible[point] === undefined && unforeseeable[point] === undefined && !this.#counts.has(point),
    );
  }

  /** Points that were reached though they cannot be: the list above is wrong. */
  surprising(): readonly Point[] {
    return allPoints.filter((point) => impossible[point] !== undefined && this.#counts.has(point));
  }

  /** One line for each point. */
  table(): readonly string[] {
    return allPoints.map((point) => {
      const count = this.#counts.get(point);
      const why = impossible[point];
      return `${String(count ?? (why === undefined ? "-" : "none")).padStart(8)}  ${point}${why === undefined ? "" : ` (${why})`}`;
    });
  }
}
