/** The encryption of one front: the key ring's data keys, the named keys, and which connections a customer's key may come by. */

import { systemClock } from "./base/clock.ts";
import { systemRandom } from "./base/random.ts";
import { AddressRanges, clientPlace } from "./front/client-address.ts";
import type { FrontData } from "./front-data.ts";
import type { KeyRing } from "./keyring/key-ring.ts";
import { RingKeyService } from "./keyring/key-service.ts";
import { DataKeys } from "./operations/data-keys.ts";
import type { EncryptionServices } from "./operations/encryption.ts";

export function encryptionServices(
  { encryption, trustedProxies }: Pick<FrontData, "encryption" | "trustedProxies">,
  ring: KeyRing,
): EncryptionServices {
  const proxies = new AddressRanges(trustedProxies);
  return {
    dataKeys: new DataKeys({
      ring,
      service: new RingKeyService(ring),
      keyIds: encryption.keys.map(({ id }) => id),
      random: systemRandom,
      clock: systemClock,
    }),
    takesCustomerKeys: (request) => encryption.customerKeysOverHttp || clientPlace(request, proxies).secure,
  };
}
