/** Clients whose programs are in Python: boto3, s3fs (fsspec), the MinIO SDK, smart_open, pyarrow, DuckDB. */

import { join } from "node:path";
import { type Client, programsDirectory, python } from "./client.ts";
import { useProgram } from "./exercise.ts";
import type { World } from "./world.ts";

interface PythonProgram {
  readonly name: string;
  readonly version: string;
  readonly environment: string;
  readonly requirements: readonly string[];
  readonly program: string;
  readonly budgetSeconds: number;
  /** The program of its features. */
  readonly featuresProgram?: string;
  /** It stores tables of its own, not the planned files. */
  readonly keepsNothing?: boolean;
}

const pythonProgram = ({
  requirements,
  environment,
  program,
  featuresProgram,
  keepsNothing = false,
  ...row
}: PythonProgram): Client => {
  const use = (world: World, file: string, keeps: boolean) =>
    useProgram(world, [join(world.options.home, "bin/python"), join(programsDirectory, file)], {
      environment: { PYTHONDONTWRITEBYTECODE: "1" },
      keepsNothing: !keeps,
    });
  return {
    ...row,
    obtained: "pip",
    install: () => python(environment, requirements),
    exercise: (world) => use(world, program, !keepsNothing),
    ...(featuresProgram === undefined ? {} : { features: (world: World) => use(world, featuresProgram, false) }),
  };
};

export const boto3 = pythonProgram({
  name: "boto3",
  version: "1.44.5",
  environment: "aws",
  requirements: ["awscli==1.46.3", "boto3==1.44.5"],
  program: "boto3_client.py",
  featuresProgram: "features_boto3.py",
  budgetSeconds: 60,
});

export const fsspec = pythonProgram({
  name: "s3fs (fsspec)",
  version: "2026.9.0",
  environment: "fsspec",
  requirements: ["s3fs==2026.9.0"],
  program: "fsspec_s3fs.py",
  budgetSeconds: 60,
});

export const minioPython = pythonProgram({
  name: "minio-py",
  version: "7.2.20",
  environment: "minio",
  requirements: ["minio==7.2.20"],
  program: "minio_py.py",
  featuresProgram: "features_minio_py.py",
  budgetSeconds: 60,
});

export const smartOpen = pythonProgram({
  name: "smart_open",
  version: "9.0.2",
  environment: "smart-open",
  requirements: ["smart_open[s3]==9.0.2", "boto3==1.44.5"],
  program: "smart_open_client.py",
  budgetSeconds: 60,
});

export const pyarrow = pythonProgram({
  name: "pyarrow",
  version: "26.0.1",
  environment: "pyarrow",
  requirements: ["pyarrow==26.0.1"],
  program: "arrow.py",
  budgetSeconds: 60,
});

export const duckdb = pythonProgram({
  name: "DuckDB httpfs",
  version: "1.5.5",
  environment: "duckdb",
  requirements: ["duckdb==1.5.5", "duckdb-extensions", "duckdb-extension-httpfs==1.5.5"],
  program: "duck.py",
  keepsNothing: true,
  budgetSeconds: 60,
});
