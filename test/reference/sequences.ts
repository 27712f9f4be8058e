/** Sequences of commands: of full length when generated, of any length when shrunk. */

import fc from "fast-check";
import { type Command, type Crash, command, crash } from "./commands.ts";
import { keyPool } from "./inputs.ts";

export interface Sequence {
  readonly keys: readonly string[];
  /** How the bucket begins; one that is Off stays so, a mixed one begins as Off. */
  readonly versioning: "Off" | "Mixed" | "Enabled" | "Suspended";
  /** Made with object lock: versioned for good, and empty at the beginning. */
  readonly hasLock: boolean;
  /** Ownership controls of the beginning; null: none, and writers own. */
  readonly ownership: "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter" | null;
  /** Policy of the beginning. */
  readonly policy: "public write" | "to the stranger" | "no reads" | null;
  /** What each key holds at the beginning, in a bucket that is or was versioned. */
  readonly before: readonly Before[];
  readonly commands: readonly (Command | Crash)[];
}

/** Made while versioning was suspended, and above it while it was enabled. */
export interface Before {
  readonly nullVersion: "nothing" | "object" | "marker";
  readonly above: "nothing" | "object" | "marker";
}

/**
 * Lists of exactly `length` values that shrink to shorter ones: halves are left out first, then quarters, down to single
 * values; then the values themselves shrink.
 */
class FullLists<T> extends fc.Arbitrary<readonly T[]> {
  readonly #length: number;
  readonly #items: readonly { arbitrary: fc.Arbitrary<T>; isHere: (random: fc.Random, at: number) => boolean }[];

  constructor(length: number, usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>, rareOneIn: number) {
    super();
    this.#length = length;
    this.#items = [
      { arbitrary: rare, isHere: (random) => rareOneIn > 0 && random.nextInt(1, rareOneIn) === 1 },
      { arbitrary: usual, isHere: () => true },
    ];
  }

  override generate(random: fc.Random, biasFactor: number | undefined): fc.Value<readonly T[]> {
    const items = Array.from({ length: this.#length }, (_, at) => {
      const { arbitrary } = this.#items.find(({ isHere }) => isHere(random, at)) ?? { arbitrary: undefined };
      if (arbitrary === undefined) throw new Error("nothing to generate");
      return { arbitrary, value: arbitrary.generate(random, biasFactor) };
    });
    return listOf(items);
  }

  override canShrinkWithoutContext(_value: unknown): _value is readonly T[] {
    return false;
  }

  override shrink(_value: readonly T[], context: unknown): fc.Stream<fc.Value<readonly T[]>> {
    return isItems<T>(context) ? fc.stream(shorter(context)) : fc.Stream.nil();
  }
}

interface Item<T> {
  readonly arbitrary: fc.Arbitrary<T>;
  readonly value: fc.Value<T>;
}

const isItems = <T>(context: unknown): context is readonly Item<T>[] => Array.isArray(context);

const listOf = <T>(items: readonly Item<T>[]): fc.Value<readonly T[]> =>
  new fc.Value(
    items.map(({ value }) => value.value),
    items,
  );

function* shorter<T>(items: readonly Item<T>[]): IterableIterator<fc.Value<readonly T[]>> {
  for (let cut = Math.ceil(items.length / 2); cut >= 1; cut = cut === 1 ? 0 : Math.ceil(cut / 2)) {
    for (let at = items.length - cut; at > -cut; at -= cut) {
      const from = Math.max(0, at);
      yield listOf([...items.slice(0, from), ...items.slice(at + cut)]);
    }
  }
  for (const [at, { arbitrary, value }] of items.entries()) {
    for (const smaller of arbitrary.shrink(value.value, value.context)) {
      yield listOf(items.map((item, index) => (index === at ? { arbitrary, value: smaller } : item)));
    }
  }
}

const keys = fc.shuffledSubarray([...keyPool], { minLength: 2, maxLength: 4 });

const what = fc.constantFrom<Before["above"]>("nothing", "object", "marker");

/** @param crashOneIn commands; 0: none */
export const sequences = (length: number, crashOneIn: number): fc.Arbitrary<Sequence> =>
  fc.record({
    keys,
    versioning: fc.constantFrom("Mixed", "Off", "Enabled", "Suspended", "Suspended"),
    hasLock: fc.constantFrom(false, false, true),
    policy: fc.constantFrom(null, null, null, null, "public write", "public write", "to the stranger", "no reads"),
    ownership: fc.constantFrom(null, null, "BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"),
    before: fc.array(fc.record({ nullVersion: what, above: what }), { minLength: 2, maxLength: 4 }),
    commands: new FullLists<Command | Crash>(length, command, crash, crashOneIn),
  });
