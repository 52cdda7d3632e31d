import { defineConfig } from "vitest/config";
import { sourceHash } from "./scripts/source-hash.mjs";

export default defineConfig({
  define: { __DOWNHILL_SOURCE_HASH__: JSON.stringify(sourceHash()) },
  test: { include: ["test/**/*.test.ts"], testTimeout: 300_000, pool: "forks" },
});
