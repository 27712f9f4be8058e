/** Clients whose programs are in JavaScript; each runs on the Node of the server that it uses: on both versions. */

import { cpSync } from "node:fs";
import { join } from "node:path";
import { type Client, npm, programsDirectory } from "./client.ts";
import { useProgram } from "./exercise.ts";
import type { World } from "./world.ts";

interface JavascriptProgram {
  readonly name: string;
  readonly version: string;
  readonly packages: readonly string[];
  readonly program: string;
  /** The program of its features. */
  readonly featuresProgram?: string;
  readonly budgetSeconds: number;
}

const javascriptProgram = ({ packages, program, featuresProgram, ...row }: JavascriptProgram): Client => ({
  ...row,
  obtained: "npm",
  install: async () => {
    // The program runs beside its packages, where it finds them.
    const home = await npm(program.replace(".mjs", ""), packages);
    const programs = featuresProgram === undefined ? [program] : [program, featuresProgram];
    for (const name of ["common.mjs", ...programs]) cpSync(join(programsDirectory, name), join(home, name));
    return home;
  },
  exercise: (world) => useProgram(world, [world.options.clientNode, join(world.options.home, program)]),
  ...(featuresProgram === undefined
    ? {}
    : {
        features: (world: World) =>
          useProgram(world, [world.options.clientNode, join(world.options.home, featuresProgram)], {
            keepsNothing: true,
          }),
      }),
});

export const sdk3: Client = {
  ...javascriptProgram({
    name: "aws-sdk-js v3",
    version: "3.1169.0",
    packages: [],
    program: "sdk_v3.mjs",
    budgetSeconds: 60,
  }),
  // The client is a dependency of the project's own tests; what makes forms comes beside.
  install: () => npm("sdk-v3-forms", ["@aws-sdk/s3-presigned-post@3.1163.0"]),
  features: (world) =>
    useProgram(world, [world.options.clientNode, join(programsDirectory, "features_v3.mjs")], {
      environment: { TROUPE_FORMS: world.options.home },
      keepsNothing: true,
    }),
  exercise: (world) => useProgram(world, [world.options.clientNode, join(programsDirectory, "sdk_v3.mjs")]),
};

export const sdk2 = javascriptProgram({
  name: "aws-sdk-js v2",
  version: "2.1693.0",
  packages: ["aws-sdk@2.1693.0"],
  program: "sdk_v2.mjs",
  budgetSeconds: 60,
});

export const minioJs = javascriptProgram({
  name: "minio-js",
  version: "8.0.7",
  packages: ["minio@8.0.7"],
  program: "minio_js.mjs",
  featuresProgram: "features_minio_js.mjs",
  budgetSeconds: 60,
});
