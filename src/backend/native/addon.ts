// The addon's exports, as one typed interface, and the loader that finds the addon.
// Each family's exports are declared beside its native backend part and joined here.

import type { GemmAddon } from "./gemm.ts";
import type { GradientAddon } from "./gradients.ts";
import type { OptimAddon } from "./optim.ts";
import type { ProgramAddon } from "./program.ts";
import type { ReduceAddon } from "./reduce.ts";

export interface InfoAddon {
  readonly sourceHash: string;
  isas(): string[];
  isa(): string;
  setIsa(name: string): boolean;
  threads(): number;
  setThreads(count: number): void;
}

export interface MemoryAddon {
  allocate(bytes: number): ArrayBuffer | null;
}

export interface Addon extends InfoAddon, MemoryAddon, GemmAddon, OptimAddon, ProgramAddon, ReduceAddon, GradientAddon {}
