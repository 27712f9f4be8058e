import test from "ava";
import { systemRandom } from "../base/random.ts";
import {
  KeyRing,
  KeyringError,
  type KeyringErrorCode,
  newRingKey,
  type RingKey,
  sealOverheadBytes,
} from "./key-ring.ts";

const plain = Buffer.from("a secret of 24 bytes yes");

/** The code that `run` is refused with; "none" when it is not. */
function refusal(run: () => unknown): KeyringErrorCode | "none" {
  try {
    run();
    return "none";
  } catch (error) {
    if (error instanceof KeyringError) return error.code;
    throw error;
  }
}

function numbered(start: number): { bytes(count: number): Buffer } {
  let next = start;
  return { bytes: (count) => Buffer.from(Array.from({ length: count }, () => next++ % 256)) };
}

test("what was sealed opens with the same purpose and place, and looks like nothing", (t) => {
  const ring = KeyRing.inMemory(systemRandom);
  const sealed = ring.seal("sealing", plain, "keys/A");
  t.is(sealed.length, plain.length + sealOverheadBytes);
  t.false(sealed.includes("secret"));
  t.deepEqual(ring.open("sealing", sealed, "keys/A"), plain);
  t.is(ring.keyIdOf(sealed), ring.newestId);
  t.notDeepEqual(ring.seal("sealing", plain, "keys/A"), sealed);
  t.is(ring.open("sealing", ring.seal("sealing", Buffer.alloc(0), ""), "").length, 0);
});

test("another purpose, place or key opens nothing", (t) => {
  const ring = KeyRing.inMemory(systemRandom);
  const sealed = ring.seal("sealing", plain, "keys/A");
  t.is(
    refusal(() => ring.open("session", sealed, "keys/A")),
    "not-authentic",
  );
  t.is(
    refusal(() => ring.open("sealing", sealed, "keys/B")),
    "not-authentic",
  );
  t.is(
    refusal(() => KeyRing.inMemory(systemRandom).open("sealing", sealed, "keys/A")),
    "unknown-key",
  );
  const { id } = ring.keys[0] as RingKey;
  const sameName = new KeyRing([{ id, key: systemRandom.bytes(32) }], systemRandom);
  t.is(
    refusal(() => sameName.open("sealing", sealed, "keys/A")),
    "not-authentic",
  );
});

test("each changed byte and each shorter form is noticed", (t) => {
  const ring = KeyRing.inMemory(systemRandom);
  const sealed = ring.seal("sealing", plain, "p");
  for (let index = 0; index < sealed.length; index++) {
    const changed = Buffer.from(sealed);
    changed[index] = (changed[index] ?? 0) ^ 1;
    // Format byte, then the key's id, then what the tag covers.
    const expected = index >= 1 && index <= 4 ? "unknown-key" : "not-authentic";
    t.is(
      refusal(() => ring.open("sealing", changed, "p")),
      expected,
      `byte ${index}`,
    );
  }
  for (let length = 0; length < sealed.length; length++) {
    t.is(
      refusal(() => ring.open("sealing", sealed.subarray(0, length), "p")),
      "not-authentic",
      `${length} bytes`,
    );
  }
});

test("after a rotation the newest key seals and the older ones still open", (t) => {
  const before = KeyRing.inMemory(systemRandom);
  const sealed = before.seal("sealing", plain, "p");
  const added = newRingKey(systemRandom, before.keys);
  const after = new KeyRing([...before.keys, added], systemRandom);
  t.is(after.newestId, added.id);
  t.deepEqual(after.open("sealing", sealed, "p"), plain);
  t.is(after.keyIdOf(after.seal("sealing", plain, "p")), added.id);
  t.is(
    refusal(() => before.open("sealing", after.seal("sealing", plain, "p"), "p")),
    "unknown-key",
  );
});

test("the check value tells this ring from any other", (t) => {
  const ring = KeyRing.inMemory(systemRandom);
  const value = ring.checkValue();
  t.notThrows(() => ring.confirm(value));
  t.is(
    refusal(() => KeyRing.inMemory(systemRandom).confirm(value)),
    "unknown-key",
  );
  t.is(
    refusal(() => ring.confirm(ring.seal("sealing", Buffer.from("troupe key ring"), "troupe key ring"))),
    "not-authentic",
  );
});

test("a ring given to another thread is the same ring", (t) => {
  const ring = KeyRing.inMemory(systemRandom);
  const copy = new KeyRing(structuredClone(ring.keys), systemRandom);
  t.deepEqual(copy.open("sealing", ring.seal("sealing", plain, "p"), "p"), plain);
  t.deepEqual(copy.mac("temporary-secret", ring.newestId, "x"), ring.mac("temporary-secret", ring.newestId, "x"));
});

test("a message authentication code differs by purpose, key and text", (t) => {
  const ring = new KeyRing([newRingKey(systemRandom, []), newRingKey(systemRandom, [])], systemRandom);
  const [first, second] = ring.keys as [RingKey, RingKey];
  const codes = [
    ring.mac("temporary-secret", first.id, "x"),
    ring.mac("temporary-secret", first.id, "y"),
    ring.mac("temporary-secret", second.id, "x"),
    ring.mac("session", first.id, "x"),
  ].map((code) => code.toString("hex"));
  t.is(new Set(codes).size, 4);
  t.is(codes[0]?.length, 128);
  t.is(
    refusal(() => ring.mac("session", "00000000", "x")),
    "unknown-key",
  );
});

test("the stored form does not change: bytes sealed earlier open", (t) => {
  const key = { id: "a1b2c3d4", key: Buffer.alloc(32, 7) };
  const sealed = new KeyRing([key], numbered(0)).seal("sealing", Buffer.from("hello"), "keys/TRPA");
  t.is(sealed.subarray(0, 17).toString("hex"), "01a1b2c3d4000102030405060708090a0b");
  t.is(sealed.toString("hex"), "01a1b2c3d4000102030405060708090a0b2dc47710c56d3adaf99d3874ae585322a8328886e6");
});

test("a ring without keys, or with two of one id, is a mistake of the program", (t) => {
  const key = newRingKey(systemRandom, []);
  t.throws(() => new KeyRing([], systemRandom), { message: /at least one/ });
  t.throws(() => new KeyRing([key, key], systemRandom), { message: /differ/ });
  t.throws(() => new KeyRing([{ id: key.id, key: key.key.subarray(1) }], systemRandom), { message: /256 bits/ });
});
