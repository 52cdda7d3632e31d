// The one interface between everything above and the two backends. Each family adds its part in a file of its own:
// both backends implement it, and nothing above a backend asks which one it talks to.
import type { GemmBackend } from "./gemm.ts";
import type { GradientBackend } from "./gradients.ts";
import type { MemoryBackend } from "./memory.ts";
import type { OptimBackend } from "./optim.ts";
import type { ProgramBackend } from "./program.ts";
import type { ReduceBackend } from "./reduce.ts";

export interface Backend extends MemoryBackend, GemmBackend, OptimBackend, ProgramBackend, ReduceBackend, GradientBackend {
  readonly name: "native" | "reference";
  /** True where every promised bit is kept: always for native, in the exact setting for the reference. */
  readonly exact: boolean;
  readonly isa: string;
}
