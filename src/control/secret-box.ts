/** How control records keep what must be read again: sealed, for one place, so that a record that is moved does not open. */

import { createCipheriv, createDecipheriv } from "node:crypto";
import { assert } from "../base/assert.ts";
import type { Random } from "../base/random.ts";
import type { KeyRing } from "../keyring/key-ring.ts";
import type { ControlStore } from "./store.ts";
import { getTyped, putTyped } from "./typed-records.ts";

export interface SecretBox {
  /**
   * Encrypts and authenticates.
   * @param plain any text @param place what it belongs to: a sealed secret opens for the same place only
   */
  seal(plain: string, place: string): Uint8Array;
  /** @throws Error when it was sealed by another key or for another place, or is damaged */
  open(sealed: Uint8Array, place: string): string;
}

/** The places that secrets in control records are sealed for. */
export const secretPlaces = {
  /** Of an access key: its id. */
  accessKey: (accessKeyId: string) => accessKeyId,
  /** Of a second factor: the id of its user, which a new name leaves as it is. */
  mfa: (userId: string) => `mfa/${userId}`,
} as const;

const nonceBytes = 12;
const tagBytes = 16;

/**
 * Seals by AES-256-GCM: nonce (12 bytes) | ciphertext | tag (16). Source: NIST SP 800-38D.
 * @param key 32 bytes
 */
export function aesSecretBox(key: Uint8Array, random: Random): SecretBox {
  assert(key.length === 32, "the key has 256 bits");
  return {
    seal: (plain, place) => {
      const nonce = random.bytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(place));
      return Buffer.concat([nonce, cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
    },
    open: (sealed, place) => {
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes))
        .setAAD(Buffer.from(place))
        .setAuthTag(sealed.subarray(-tagBytes));
      const head = decipher.update(sealed.subarray(nonceBytes, -tagBytes), undefined, "utf8");
      return head + decipher.final("utf8");
    },
  };
}

const checkName = "keyring-check";

/** Whether the store's secrets are sealed by a key ring already. */
export async function isSealed(store: ControlStore): Promise<boolean> {
  return (await getTyped<KeyRingCheck>(store, checkName)).value !== undefined;
}

/** `keyring-check` */
interface KeyRingCheck {
  readonly value: Uint8Array;
}

/**
 * A secret box on the ring, after the ring has shown that it is the one that sealed what the store holds; the first start
 * notes which one it is.
 * @throws KeyringError when it is another
 */
export async function openSecretBox(store: ControlStore, ring: KeyRing): Promise<SecretBox> {
  const { value } = await getTyped<KeyRingCheck>(store, checkName);
  if (value !== undefined) ring.confirm(value.value);
  else await store.txn([{ key: checkName, revision: 0n }], [putTyped(checkName, { value: ring.checkValue() })]);
  return ringSecretBox(ring);
}

export function ringSecretBox(ring: KeyRing): SecretBox {
  return {
    seal: (plain, place) => ring.seal("sealing", Buffer.from(plain), place),
    open: (sealed, place) => ring.open("sealing", sealed, place).toString("utf8"),
  };
}
