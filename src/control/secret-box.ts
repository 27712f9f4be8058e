/** How control records keep what must be read again: sealed, for one place, so that a record that is moved does not open. */

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
