/** The values of a request's condition keys, each asked for once. */

/** Values of a key; undefined: not in the request; "deferred": not known yet. */
export type ContextValues = readonly string[] | undefined | "deferred";

export class RequestContext {
  readonly #source: (key: string) => ContextValues;
  /** A request is asked for few keys: a list is faster than a Map. */
  #keys: string[] | null = null;
  #values: ContextValues[] = [];

  constructor(source: (key: string) => ContextValues) {
    this.#source = source;
  }

  /** @param key in lower case */
  get(key: string): ContextValues {
    if (this.#keys === null) this.#keys = [];
    const index = this.#keys.indexOf(key);
    if (index >= 0) return this.#values[index];
    const values = this.#source(key);
    this.#keys.push(key);
    this.#values.push(values);
    return values;
  }

  /** The keys asked for whose values are known, as plain data; null: not in the request. */
  known(): [key: string, values: readonly string[] | null][] {
    const pairs: [string, readonly string[] | null][] = [];
    (this.#keys ?? []).forEach((key, index) => {
      const values = this.#values[index];
      if (values !== "deferred") pairs.push([key, values === undefined ? null : [...values]]);
    });
    return pairs;
  }
}
