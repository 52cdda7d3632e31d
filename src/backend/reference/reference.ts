// The reference backend: plain TypeScript that defines the bits. Composed of one file per family.
import { fault } from "../../core/errors.ts";
import type { Backend } from "../backend.ts";
import { referenceGemm } from "./gemm.ts";
import { referenceGradients } from "./gradients.ts";
import { createReferenceProgram } from "./loop.ts";
import { referenceOptim } from "./optim.ts";
import { createReferenceReduce } from "./reduce.ts";

export function createReference(exact: boolean): Backend {
  const gemm = referenceGemm(exact);
  return {
    ...gemm,
    ...createReferenceReduce(),
    ...referenceOptim(gemm.gemm),
    ...referenceGradients(),
    ...createReferenceProgram(gemm),
    name: "reference",
    exact,
    isa: "typescript",
    allocate(bytes) {
      try {
        return new ArrayBuffer(bytes);
      } catch (cause) {
        throw fault("ERR_OUT_OF_MEMORY", `allocate: no memory for ${bytes} bytes`, { cause });
      }
    },
  };
}
