/** The web side of buckets with boto3: CORS, websites, replication rules, request payment and reports. */

import { runBoto3Suite } from "./boto3.ts";

await runBoto3Suite("web");
