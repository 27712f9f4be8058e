/** How a requirement is tested at the level of the admin API: a world of accounts, over both servers. */

import type { ExecutionContext } from "ava";
import { type FrontUnderTest, testEachFront } from "#src/front/each-front.testing.ts";
import { type Reply, Stand, type StandOptions } from "./stand.ts";

type Run = (t: ExecutionContext, stand: Stand) => Promise<void>;

/** Declares `run` for both servers, without TLS: what is judged does not look at it. */
export const requirement = (title: string, run: Run, options: StandOptions = {}): void =>
  testEachFront(title, async (t, front: FrontUnderTest) => run(t, await Stand.open(t, front, options)), ["plain"]);

/** "status Code"; of a good answer only the status. */
export const outcome = ({ status, json }: Reply): string => `${status} ${String(json["code"] ?? "")}`.trim();
export const items = <T>({ json }: Reply): T[] => json["items"] as T[];
/** The link of a mail, and what stands behind its #. */
export const linkIn = (text: string | undefined): { url: string; token: string } => {
  const [url = "", token = ""] = /(https?:\/\/\S+)/.exec(text ?? "")?.[1]?.split("#") ?? [];
  return { url, token };
};
