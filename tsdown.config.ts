import { defineConfig } from "tsdown";
import { sourceHash } from "./scripts/source-hash.mjs";

export default defineConfig({
  entry: { index: "src/index.ts", cli: "src/cli/main.ts", testing: "src/testing.ts" },
  format: ["esm", "cjs"],
  platform: "node",
  target: "node20",
  dts: { entry: ["src/index.ts"] },
  define: { __DOWNHILL_SOURCE_HASH__: JSON.stringify(sourceHash()) },
  inputOptions: { checks: { pluginTimings: false } },
  sourcemap: true,
  clean: true,
  fixedExtension: false,
});
