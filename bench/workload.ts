/** What the bench can measure: the rows, and which of them a command line asks for. Pure. */

export type Operation = "PUT" | "GET" | "HEAD" | "LIST" | "DELETE" | "MIX" | "BARE";

/** One kind of request at one size. */
export interface Row {
  /** As `--only` takes it: put-4k. */
  readonly id: string;
  /** For people: PUT 4 KiB. */
  readonly name: string;
  readonly operation: Operation;
  /** Size of the objects. */
  readonly sizeBytes: number;
  /** Buckets the requests are spread over. */
  readonly buckets: number;
  /** Overwrites for so long come first; 0: none. */
  readonly agedSeconds: number;
}

/** A row at a number of connections: what is measured as one line. */
export interface Case extends Row {
  /** As `--only` takes it: put-4k@64. */
  readonly caseId: string;
  readonly connections: number;
}

const sizes = [4096, 65_536, 1 << 20, 1 << 24] as const;

/** Keys of a page, and objects under the prefix that is listed. */
export const listedKeys = 1000;

/** Bytes under way at once: more connections than this allows are not opened for large objects. */
const bytesInFlightMax = 128 << 20;

export function sizeName(bytes: number): string {
  if (bytes >= 1 << 20) return `${bytes / (1 << 20)} MiB`;
  return bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} B`;
}

const sizeId = (bytes: number): string => (bytes >= 1 << 20 ? `${bytes >> 20}m` : `${bytes >> 10}k`);

function row(operation: Operation, sizeBytes: number, extra: Partial<Row> = {}): Row {
  const name = operation === "BARE" ? "bare front" : operation;
  return {
    id: `${operation.toLowerCase()}-${sizeId(sizeBytes)}`,
    name: `${name} ${sizeName(sizeBytes)}`,
    operation,
    sizeBytes,
    buckets: 1,
    agedSeconds: 0,
    ...extra,
  };
}

/** What a mix repeats, request for request; the shares are those that object store benchmarks commonly use. */
export const mixPattern: Readonly<Record<"GET" | "HEAD" | "PUT" | "DELETE", number>> = {
  GET: 9,
  HEAD: 6,
  PUT: 3,
  DELETE: 2,
};

/** Every row, in the order of the report. */
export const allRows: readonly Row[] = [
  ...sizes.flatMap((size) => [row("BARE", size), row("PUT", size), row("GET", size)]),
  row("HEAD", 4096),
  row("LIST", 4096, { id: `list-${listedKeys}`, name: `LIST ${listedKeys} keys` }),
  row("DELETE", 4096),
  row("MIX", 4096),
  row("MIX", 65_536),
  row("MIX", 1 << 20),
];

/** Rows of `--long`: what only shows after a while, or over many buckets. */
export const longRows: readonly Row[] = [
  row("PUT", 4096, { id: "put-4k-8-buckets", name: "PUT 4 KiB, 8 buckets", buckets: 8 }),
  row("PUT", 4096, { id: "put-4k-aged", name: "PUT 4 KiB after 60 s of overwrites", agedSeconds: 60 }),
];

export interface Choice {
  /** Row or case ids; null: all. */
  readonly only: readonly string[] | null;
  readonly connections: readonly number[];
  readonly isLong: boolean;
  /** Whether the bare front is measured as well. */
  readonly withCeilings: boolean;
}

/** @returns the cases in order, or a sentence about an id that nothing has */
export function chooseCases({ only, connections, isLong, withCeilings }: Choice): Case[] | string {
  const known = [...allRows, ...longRows];
  const cases = known.flatMap((each) => casesOf(each, connections));
  if (only === null) {
    return cases.filter(
      (each) => (isLong || !longRows.some(({ id }) => id === each.id)) && (withCeilings || each.operation !== "BARE"),
    );
  }
  for (const word of only) {
    const [id = "", count] = word.split("@");
    if (!known.some((each) => each.id === id))
      return `there is no row ${JSON.stringify(id)}; there are ${known.map((each) => each.id).join(", ")}`;
    if (count !== undefined && !/^[1-9]\d{0,3}$/.test(count))
      return `${JSON.stringify(word)}: after @ stands a number of connections`;
  }
  return known.flatMap((each) => {
    const words = only.map((word) => word.split("@")).filter(([id]) => id === each.id);
    const counts = words.flatMap(([, count]) => (count === undefined ? connections : [Number(count)]));
    return casesOf(each, [...new Set(counts)]);
  });
}

/** Rows that answer one question get one number of connections: the largest. */
function casesOf(each: Row, connections: readonly number[]): Case[] {
  const most = Math.max(1, Math.floor(bytesInFlightMax / each.sizeBytes));
  const counts = [...new Set(connections.map((count) => Math.min(count, most)))].sort((a, b) => a - b);
  const isSpecial = each.buckets > 1 || each.agedSeconds > 0;
  const wanted = isSpecial ? counts.slice(-1) : counts;
  return wanted.map((count) => ({ ...each, connections: count, caseId: `${each.id}@${count}` }));
}

/** How many keys a case's requests are spread over. */
export function keyCount({ operation, sizeBytes }: Pick<Row, "operation" | "sizeBytes">): number {
  if (operation === "LIST") return listedKeys;
  return Math.min(256, Math.max(4, (64 << 20) / sizeBytes));
}
