/** Clients whose programs are compiled: the Go SDK v2 and minio-go, the Java SDK v2, the Rust SDK. */

import { join } from "node:path";
import { built, type Client, needs } from "./client.ts";
import { useProgram } from "./exercise.ts";
import { runCommand } from "./world.ts";

/** Both Go programs share one module, so that its packages are compiled once. */
const goHome = (): Promise<string> =>
  built(
    "go",
    {
      "go.mod": "go/go.mod",
      "go.sum": "go/go.sum",
      "plan/plan.go": "go/plan/plan.go",
      "sdk/main.go": "go/sdk/main.go",
      "minio/main.go": "go/minio/main.go",
      "features/main.go": "go/features/main.go",
    },
    async (directory) => {
      await needs("go");
      await runCommand(["go", "build", "-o", join(directory, "bin/"), "./sdk", "./minio", "./features"], {
        cwd: directory,
      });
    },
  );

export const goSdk: Client = {
  name: "aws-sdk-go v2",
  version: "service/s3 1.114.3",
  obtained: "go",
  budgetSeconds: 60,
  install: goHome,
  exercise: (world) => useProgram(world, [join(world.options.home, "bin/sdk")]),
  features: (world) => useProgram(world, [join(world.options.home, "bin/features")], { keepsNothing: true }),
};

export const minioGo: Client = {
  name: "minio-go",
  version: "7.4.1",
  obtained: "go",
  budgetSeconds: 60,
  install: goHome,
  exercise: (world) => useProgram(world, [join(world.options.home, "bin/minio")]),
};

export const javaSdk: Client = {
  name: "aws-sdk-java v2",
  version: "2.31.78",
  obtained: "maven",
  long: true,
  budgetSeconds: 120,
  install: () =>
    built("java", { "pom.xml": "java/pom.xml", "src/main/java/Matrix.java": "java/Matrix.java" }, async (directory) => {
      await needs("mvn");
      await runCommand(["mvn", "-q", "-B", "compile", "dependency:copy-dependencies"], { cwd: directory });
    }),
  exercise: async (world) => {
    const { home, certificate } = world.options;
    const store = world.scratch("trust.p12");
    const password = "changeit";
    if (world.isTls) {
      const words = ["-importcert", "-noprompt", "-alias", "troupe", "-file", certificate];
      await world.run(["keytool", ...words, "-keystore", store, "-storepass", password, "-storetype", "PKCS12"]);
    }
    const trust = [`-Djavax.net.ssl.trustStore=${store}`, `-Djavax.net.ssl.trustStorePassword=${password}`];
    const path = `${join(home, "target/classes")}:${join(home, "target/dependency")}/*`;
    await useProgram(world, ["java", ...(world.isTls ? trust : []), "-cp", path, "Matrix"]);
  },
};

export const rustSdk: Client = {
  name: "aws-sdk-rust",
  version: "1.157.0",
  obtained: "cargo",
  long: true,
  budgetSeconds: 120,
  install: () =>
    built("rust", { "Cargo.toml": "rust/Cargo.toml", "src/main.rs": "rust/main.rs" }, async (directory) => {
      await needs("cargo");
      await runCommand(["cargo", "build", "--quiet"], { cwd: directory });
    }),
  exercise: (world) => useProgram(world, [join(world.options.home, "target/debug/matrix")]),
};
