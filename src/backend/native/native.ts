// The native backend: the addon behind the backend interface. Composed of one file per family.
import { fault } from "../../core/errors.ts";
import type { Backend } from "../backend.ts";
import type { Addon } from "./addon.ts";
import { nativeGemm } from "./gemm.ts";
import { nativeGradients } from "./gradients.ts";
import { nativeOptim } from "./optim.ts";
import { createNativeProgram } from "./program.ts";
import { createNativeReduce } from "./reduce.ts";

export function createNative(addon: Addon): Backend {
  return {
    ...nativeGemm(addon),
    ...createNativeReduce(addon),
    ...nativeOptim(addon),
    ...nativeGradients(addon),
    ...createNativeProgram(addon),
    name: "native",
    exact: true,
    get isa() {
      return addon.isa();
    },
    allocate(bytes) {
      const buffer = addon.allocate(bytes);
      if (buffer === null) throw fault("ERR_OUT_OF_MEMORY", `allocate: no memory for ${bytes} bytes`);
      return buffer;
    },
  };
}
