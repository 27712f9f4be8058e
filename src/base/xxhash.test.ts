import test from "ava";
import { xxh64 } from "./xxhash.ts";

test("xxh64 agrees with the reference values of the specification", (t) => {
  t.is(xxh64(Buffer.alloc(0)), 0xef46db3751d8e999n);
  t.is(xxh64(Buffer.from("a")), 0xd24ec4f1a98c6e5bn);
  t.is(xxh64(Buffer.from("abc")), 0x44bc2cf5ad770999n);
  t.is(xxh64(Buffer.from("Nobody inspects the spammish repetition")), 0xfbcea83c8a378bf1n);
});

test("xxh64 takes views at any offset, larger than its first memory, and a seed", (t) => {
  const whole = Buffer.alloc(300_001, 7);
  t.is(xxh64(whole.subarray(1)), xxh64(Buffer.alloc(300_000, 7)));
  t.not(xxh64(whole, 1n), xxh64(whole, 2n));
  t.is(xxh64(whole, 0xffff_ffff_ffff_ffffn), xxh64(Buffer.from(whole), 0xffff_ffff_ffff_ffffn));
});
