/** Small choices read out of one large number, so that a random case is a few numbers. */

export class Digits {
  #rest: number;

  /** @param number 0 to 2^53 - 1; once it is used up every choice is the first */
  constructor(number: number) {
    this.#rest = number;
  }

  /** @returns 0 to count - 1 */
  below(count: number): number {
    const digit = this.#rest % count;
    this.#rest = Math.floor(this.#rest / count);
    return digit;
  }

  of<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new Error("there is nothing to choose from");
    return items[this.below(items.length)] as Item;
  }

  isOneIn(count: number): boolean {
    return this.below(count) === 1 % count;
  }
}
