/** Terraform's S3 backend: state and its lock file, by conditional writes. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Client, needs } from "./client.ts";
import { refusal } from "./exercise.ts";
import { wrongSecret } from "./world.ts";

export const terraform: Client = {
  name: "Terraform S3 backend",
  version: "1.11.4",
  obtained: "found",
  budgetSeconds: 90,
  install: () => needs("terraform"),
  exercise: async (world) => {
    const { bucket, endpoint, home, certificate } = world.options;
    await world.wire.send("PUT", `/${bucket}`);
    const folder = world.scratch("project");
    mkdirSync(folder, { recursive: true });
    const trust = world.isTls ? `custom_ca_bundle = "${certificate}"` : "";
    const configuration = `terraform {
  backend "s3" {
    bucket = "${bucket}"
    key = "states/the state.tfstate"
    region = "us-east-1"
    endpoints = { s3 = "${endpoint}" }
    use_path_style = true
    use_lockfile = true
    skip_credentials_validation = true
    skip_requesting_account_id = true
    skip_metadata_api_check = true
    ${trust}
  }
}
variable "word" { default = "first" }
resource "terraform_data" "example" { input = var.word }
output "word" { value = terraform_data.example.output }
`;
    writeFileSync(join(folder, "main.tf"), configuration);
    const environment = { TF_CLI_CONFIG_FILE: "", CHECKPOINT_DISABLE: "1" };
    const terraform = (words: string[], secret?: string) =>
      world.run([home, ...words], {
        cwd: folder,
        environment: { ...environment, ...(secret === undefined ? {} : { AWS_SECRET_ACCESS_KEY: secret }) },
      });
    await terraform(["init", "-input=false", "-no-color"]);
    await terraform(["apply", "-auto-approve", "-input=false", "-no-color"]);
    await terraform(["apply", "-auto-approve", "-input=false", "-no-color", "-var", "word=second"]);
    const { stdout } = await terraform(["output", "-raw", "word"]);
    if (stdout.trim() !== "second") throw new Error(`output: ${stdout}`);
    const keys = await world.keys();
    if (keys.join() !== "states/the state.tfstate") throw new Error(`stored: ${keys.join()}`);
    world.did("init, apply, output; state and lock file");
    const lock = `/${bucket}/states/the state.tfstate.tflock`;
    await world.wire.send("PUT", lock, { body: Buffer.from('{"ID":"of somebody else"}') });
    await world.mustFail(terraform(["apply", "-auto-approve", "-input=false", "-no-color"]), /state lock/);
    await world.wire.send("DELETE", lock);
    world.did("a held lock refuses");
    await terraform(["workspace", "new", "-no-color", "other"]);
    const list = await terraform(["workspace", "list", "-no-color"]);
    if (!list.stdout.includes("other")) throw new Error(list.stdout);
    world.did("workspaces");
    await world.mustFail(terraform(["output", "-no-color", "word"], wrongSecret), refusal);
    world.did("wrong secret");
  },
};
