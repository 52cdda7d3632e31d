import { describe, test } from "vitest";
import * as api from "../../src/testing.ts";
import { allCases } from "./cases.mjs";

describe("conformance", () => {
  for (const { name, run, skip } of allCases(api)) {
    test.skipIf(skip !== undefined)(skip === undefined ? name : `${name} (skipped: ${skip})`, run);
  }
});
