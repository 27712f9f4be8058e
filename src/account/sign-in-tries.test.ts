import test from "ava";
import { limits } from "../base/limits.ts";
import { identityKeys, type SignInsRecord } from "../control/identity-records.ts";
import { getTyped } from "../control/typed-records.ts";
import { hashToken } from "./secret-token.ts";
import { accountIds, address, done, openStand, type Stand, seen, totpCode, withFactor } from "./sign-in.testing.ts";

const { operator, direct } = accountIds;

test("TOTP and recovery codes share five tries in five minutes, over all sessions", async (t) => {
  const stand = await openStand();
  const { secret, recoveryCodes } = await withFactor(stand, operator);
  stand.clock.advance(limits.secondFactorWindowMs);
  for (const code of ["000000", "AAAA-AAAA-AAAA-AAAA", "", "111111", "x"]) {
    const half = done(await stand.begin(operator, { address: `203.0.113.${code.length}` }));
    t.is(
      seen(await stand.handle["session.mfa"]({ sessionHash: hashToken(half.token), code, address })),
      "SignInFailed",
    );
    stand.clock.advance(5000);
  }
  const half = done(await stand.begin(operator, { address: "203.0.113.99" }));
  const sessionHash = hashToken(half.token);
  for (const code of [totpCode(secret, stand.clock.nowMs()), recoveryCodes[0] ?? ""]) {
    const outcome = await stand.handle["session.mfa"]({ sessionHash, code, address });
    t.like(outcome, { ok: false, code: "Throttled" });
    if (!outcome.ok) t.regex(outcome.detail["RetryAfterMs"] ?? "", /^[1-9]\d*$/);
  }
  stand.clock.advance(limits.secondFactorWindowMs);
  const later = done(await stand.begin(operator, { address: "203.0.113.99" }));
  const code = totpCode(secret, stand.clock.nowMs());
  t.like(await stand.handle["session.mfa"]({ sessionHash: hashToken(later.token), code, address }), { ok: true });
});

test("failures grow into delays that end; the password step alone does not clear them", async (t) => {
  const stand = await openStand();
  await withFactor(stand, operator);
  for (let index = 1; index < limits.accountFreeFailures; index++) {
    t.is(seen(await stand.begin(operator, { password: "wrong" })), "SignInFailed");
  }
  done(await stand.begin(operator));
  const refused = await stand.begin(operator);
  t.like(refused, { ok: false, code: "Throttled", detail: { RetryAfterMs: String(limits.signInFirstDelayMs) } });
  const hashes = stand.passwords.count;
  t.is(seen(await stand.begin(operator)), "Throttled");
  t.is(stand.passwords.count, hashes, "a refused try costs no hash");
  stand.clock.advance(limits.signInFirstDelayMs);
  t.like(done(await stand.begin(operator)), { stage: "password" });
  t.like(await stand.begin(operator), { ok: false, detail: { RetryAfterMs: String(2 * limits.signInFirstDelayMs) } });
});

test("the second factor clears the failures", async (t) => {
  const stand = await openStand();
  const { secret } = await withFactor(stand, operator);
  stand.clock.advance(60_000);
  for (let round = 0; round < 3; round++) {
    for (let index = 2; index < limits.accountFreeFailures; index++) {
      t.is(seen(await stand.begin(operator, { password: "wrong" })), "SignInFailed");
    }
    const half = done(await stand.begin(operator));
    const code = totpCode(secret, stand.clock.nowMs());
    done(await stand.handle["session.mfa"]({ sessionHash: hashToken(half.token), code, address }));
    stand.clock.advance(30_000);
  }
});

test("unknown addresses are delayed as known ones are", async (t) => {
  const stand = await openStand();
  const answers = async (email: string, from: string) => {
    const codes: unknown[] = [];
    for (let index = 0; index < 9; index++) {
      codes.push(await stand.begin(operator, { email, password: "wrong", address: from }));
      stand.clock.advance(500);
    }
    return codes;
  };
  t.deepEqual(await answers("nobody@x.example", "203.0.113.1"), await answers(stand.email(operator), "203.0.113.2"));
});

test("strangers who guess do not delay the owner at home, also after a restart of the counts", async (t) => {
  const stand = await openStand();
  done(await stand.begin(operator));
  for (let index = 0; index < 40; index++) {
    await stand.begin(operator, { password: "wrong", address: `203.0.113.${index}` });
  }
  t.is(seen(await stand.begin(operator, { address: "203.0.113.200" })), "Throttled");
  t.like(await stand.begin(operator), { ok: true });
  const record = (await stand.store.list(identityKeys.signIns(operator, "root")))[0];
  t.truthy(record, "home is remembered in the store");
});

test("home is where the user itself has signed in to the end, in the last 90 days", async (t) => {
  const home = "198.51.100.1";
  const isDelayedAtHome = async (prepare: (stand: Stand) => Promise<unknown>) => {
    const before = await openStand();
    await prepare(before);
    for (let index = 0; index < 20; index++) {
      await before.begin(operator, { password: "wrong", address: `203.0.113.${index}` });
    }
    return seen(await before.begin(operator, { address: home })) === "Throttled";
  };
  const record = (stand: Stand, changes: object) => {
    const addresses = [{ network: home, atMs: stand.clock.nowMs() }];
    return stand.put(identityKeys.signIns(operator, "root"), {
      userId: `id of ${operator}/root`,
      addresses,
      ...changes,
    });
  };
  t.false(await isDelayedAtHome((stand) => record(stand, {})));
  t.true(await isDelayedAtHome(async () => {}));
  t.true(await isDelayedAtHome((stand) => record(stand, { userId: "a user of that name who is gone" })));
  t.true(
    await isDelayedAtHome(async (stand) => {
      await record(stand, {});
      stand.clock.advance(limits.knownAddressMs);
    }),
  );
  t.true(
    await isDelayedAtHome(async (stand) => {
      await withFactor(stand, operator);
      done(await stand.begin(operator, { address: home }));
    }),
    "the password alone makes no home",
  );
});

test("a bounded number of homes is remembered, the latest", async (t) => {
  const stand = await openStand();
  for (let index = 0; index < limits.knownAddressesMax + 3; index++) {
    done(await stand.begin(operator, { address: `203.0.113.${index}` }));
  }
  done(await stand.begin(operator, { address: "203.0.113.7" }));
  const key = identityKeys.signIns(operator, "root");
  const { value } = await getTyped<SignInsRecord>(stand.store, key);
  t.is(value?.addresses.length, limits.knownAddressesMax);
  t.deepEqual(
    value?.addresses.slice(0, 2).map(({ network }) => network),
    ["203.0.113.7", "203.0.113.10"],
  );
  t.is(new Set(value?.addresses.map(({ network }) => network)).size, limits.knownAddressesMax);
});

for (const at of [null, direct]) {
  const where = at === null ? "anywhere" : "at the host of the own account";
  test(`who signs in ${where} does not clear the way for guessing at another user of the same address`, async (t) => {
    const stand = await openStand();
    const email = "victim@x.example";
    await stand.addUser(operator, "victim", "user", { email, passwordHash: "hash of secret of the victim" });
    await stand.addUser(direct, "guesser", "user", { email, passwordHash: "hash of mine" });
    let guesses = 0;
    for (let index = 0; index < 50; index++) {
      const from = `203.0.113.${index}`;
      await stand.begin(direct, { email, password: "mine", accountId: at, address: from });
      const guess = await stand.begin(direct, { email, password: "wrong", address: from });
      if (seen(guess) === "SignInFailed") guesses += 1;
    }
    t.true(guesses >= 1 && guesses <= limits.accountFreeFailures, `${guesses}`);
  });
}

test("one address that fails at many accounts is delayed, and its own success clears nothing but itself", async (t) => {
  const stand = await openStand();
  let tries = 0;
  for (let index = 0; index < 2 * limits.addressFreeFailures; index++) {
    const own = await stand.begin(operator);
    if (!own.ok) break;
    const guess = await stand.begin(operator, { email: `user${index}@x.example`, password: "wrong" });
    if (seen(guess) === "SignInFailed") tries += 1;
  }
  t.true(tries <= limits.addressFreeFailures, `${tries}`);
});
