import { defineConfig } from "tsdown";

export default defineConfig({
  entry: { index: "src/index.ts", cli: "src/cli/main.ts", testing: "src/testing.ts" },
  format: ["esm", "cjs"],
  platform: "node",
  target: "node20",
  dts: { entry: ["src/index.ts"] },
  sourcemap: true,
  clean: true,
  fixedExtension: false,
});
