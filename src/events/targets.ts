/** The driver of each configured target, by the scheme of its URL. */

import type { Clock } from "../base/clock.ts";
import { kafkaTarget, loadKafka } from "./kafka.ts";
import { loadNats, natsTarget } from "./nats.ts";
import type { EventTarget, TargetSettings } from "./target.ts";
import { Webhook } from "./webhook.ts";

export function openTarget(settings: TargetSettings, clock: Clock): EventTarget {
  if (settings.url.startsWith("nats:")) return natsTarget(settings, clock);
  if (settings.url.startsWith("kafka:")) return kafkaTarget(settings, clock);
  return new Webhook(settings, clock);
}

/** Before a node serves: an optional package that a target needs must be there. @throws MissingDriverError */
export async function requireDrivers(targets: readonly Pick<TargetSettings, "url">[]): Promise<void> {
  if (targets.some(({ url }) => url.startsWith("nats:"))) await loadNats();
  if (targets.some(({ url }) => url.startsWith("kafka:"))) await loadKafka();
}
