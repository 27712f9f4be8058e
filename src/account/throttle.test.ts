import test from "ava";
import { ManualClock } from "../actor/fixtures/manual-clock.ts";
import { limits } from "../base/limits.ts";
import { type Admission, networkOf, SecondFactorThrottle, SignInThrottle } from "./throttle.ts";

function setUp() {
  const clock = new ManualClock();
  return { clock, throttle: new SignInThrottle(clock), second: new SecondFactorThrottle(clock) };
}

const waitOf = (admission: Admission): number => (admission.admitted ? 0 : admission.retryAfterMs);

/** A different address each time, so that only the account's count matters. */
function addresses() {
  let next = 0;
  return () => `10.${(next >> 16) & 255}.${(next >> 8) & 255}.${next++ & 255}`;
}

test("an account has five free failures, then a delay that doubles up to a minute", (t) => {
  const { clock, throttle } = setUp();
  const address = addresses();
  for (let count = 0; count < limits.accountFreeFailures; count++) t.true(throttle.begin("ann", address()).admitted);
  const waits: number[] = [];
  for (let count = 0; count < 8; count++) {
    const wait = waitOf(throttle.begin("ann", address()));
    waits.push(wait);
    clock.advance(wait - 1);
    t.is(waitOf(throttle.begin("ann", address())), 1);
    clock.advance(1);
    t.true(throttle.begin("ann", address()).admitted);
  }
  t.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  t.true(throttle.begin("bob", address()).admitted);
});

test("refused tries do not prolong the wait", (t) => {
  const { clock, throttle } = setUp();
  const address = addresses();
  for (let count = 0; count < limits.accountFreeFailures; count++) throttle.begin("ann", address());
  for (let ms = 1000; ms > 0; ms -= 100) {
    t.is(waitOf(throttle.begin("ann", address())), ms);
    clock.advance(100);
  }
  t.true(throttle.begin("ann", address()).admitted);
});

test("many tries at once get no further than one after the other", (t) => {
  const { throttle } = setUp();
  const address = addresses();
  const admitted = Array.from({ length: 100 }, () => throttle.begin("ann", address())).filter((one) => one.admitted);
  t.is(admitted.length, limits.accountFreeFailures);
});

test("an address is delayed over all accounts", (t) => {
  const { clock, throttle } = setUp();
  for (let count = 0; count < limits.addressFreeFailures; count++) {
    t.true(throttle.begin(`user${count}`, "192.0.2.1").admitted);
  }
  t.is(waitOf(throttle.begin("another", "192.0.2.1")), 1000);
  t.is(waitOf(throttle.begin("another", "::ffff:192.0.2.1")), 1000);
  t.true(throttle.begin("another", "192.0.2.2").admitted);
  for (let count = 0; count < 20; count++) {
    const wait = waitOf(throttle.begin(`late${count}`, "192.0.2.1"));
    t.true(wait <= limits.addressDelayMsMax);
    clock.advance(wait);
    throttle.begin(`late${count}`, "192.0.2.1");
  }
  t.is(waitOf(throttle.begin("another", "192.0.2.1")), limits.addressDelayMsMax);
});

test("success clears the account, and takes only its own try from the address", (t) => {
  const { throttle } = setUp();
  for (let count = 0; count < limits.accountFreeFailures - 1; count++) throttle.begin("ann", "192.0.2.1");
  for (let count = 0; count < limits.addressFreeFailures - limits.accountFreeFailures; count++) {
    throttle.begin(`guessed${count}`, "192.0.2.1");
  }
  t.true(throttle.begin("ann", "192.0.2.1").admitted);
  throttle.succeeded("ann", "192.0.2.1");
  // One try is left to the address: the one that succeeded.
  t.true(throttle.begin("ann", "192.0.2.1").admitted);
  t.is(waitOf(throttle.begin("ann", "192.0.2.1")), 1000);
  t.true(throttle.begin("ann", "192.0.2.9").admitted);
});

test("strangers who guess at an account do not delay its owner at a known address", (t) => {
  const { throttle } = setUp();
  const address = addresses();
  throttle.begin("ann", "192.0.2.1");
  throttle.succeeded("ann", "192.0.2.1");
  while (throttle.begin("ann", address()).admitted);
  t.true(throttle.begin("ann", "192.0.2.1").admitted);
  t.false(throttle.begin("ann", "198.51.100.1").admitted);
  // The known address guesses no longer than another.
  const tries = Array.from({ length: 10 }, () => throttle.begin("ann", "192.0.2.1")).filter((one) => one.admitted);
  t.is(tries.length, limits.accountFreeFailures - 1);
});

test("failures are forgotten half an hour after the last", (t) => {
  const { clock, throttle } = setUp();
  const address = addresses();
  for (let count = 0; count < 12; count++) {
    clock.advance(waitOf(throttle.begin("ann", address())));
    throttle.begin("ann", address());
  }
  clock.advance(limits.signInForgetMs);
  for (let count = 0; count < limits.accountFreeFailures; count++) t.true(throttle.begin("ann", address()).admitted);
  t.is(waitOf(throttle.begin("ann", address())), 1000);
});

test("the table is bounded: the longest unused account is forgotten first", (t) => {
  const { throttle } = setUp();
  const address = addresses();
  while (throttle.begin("old", address()).admitted);
  for (let count = 0; count < limits.throttleEntriesMax; count++) throttle.begin(`user${count}`, address());
  t.true(throttle.begin("old", address()).admitted);
  while (throttle.begin("used", address()).admitted);
  for (let count = 0; count < limits.throttleEntriesMax; count++) {
    throttle.begin(`more${count}`, address());
    if (count % 1000 === 0) t.false(throttle.begin("used", address()).admitted);
  }
});

test("second factors: five tries in five minutes, whatever kind of code", (t) => {
  const { clock, second } = setUp();
  for (let count = 0; count < limits.secondFactorTriesMax; count++) {
    t.true(second.begin("ann").admitted);
    clock.advance(10_000);
  }
  t.is(waitOf(second.begin("ann")), limits.secondFactorWindowMs - 50_000);
  t.true(second.begin("bob").admitted);
  clock.advance(limits.secondFactorWindowMs - 50_000);
  t.true(second.begin("ann").admitted);
  t.is(waitOf(second.begin("ann")), 10_000);
});

test("a right code forgets the tries before it", (t) => {
  const { second } = setUp();
  while (second.begin("ann").admitted);
  second.succeeded("ann");
  for (let count = 0; count < limits.secondFactorTriesMax; count++) t.true(second.begin("ann").admitted);
  t.false(second.begin("ann").admitted);
});

test("networks: IPv4 alone, IPv6 by its first 64 bits, however it is written", (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:0DB8:0001:0002::9", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["2001:db8:0:0:ffff::", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
    ["::", "0:0:0:0"],
    ["1::8:7:6:5:4:3", "1:0:8:7"],
    ["64:ff9b::192.0.2.1", "64:ff9b:0:0"],
    ["::1:2:3:4:192.0.2.1", "0:0:1:2"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["not an address", "not an address"],
    ["", ""],
  ];
  for (const [address, network] of rows) t.is(networkOf(address), network, address);
});
