/** IAM and STS end to end with boto3: users, policies, keys, roles and sessions are made, used on S3, and revoked. */

import { runBoto3Suite } from "./boto3.ts";

await runBoto3Suite("iam");
