// docs/training.md names everything that models, fit, the callbacks, losses, metrics and graph functions offer; the documents
// together name all that the package exports.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as data from "../../src/data/index.ts";
import * as everything from "../../src/index.ts";
import * as initializers from "../../src/nn/initializers.ts";
import * as layers from "../../src/nn/layers.ts";
import * as losses from "../../src/nn/losses.ts";
import * as ops from "../../src/nn/ops.ts";
import * as callbacks from "../../src/train/callbacks/index.ts";
import { FIT_OPTIONS, STOP_CONDITIONS } from "../../src/train/fit-options.ts";
import { metrics } from "../../src/train/metrics.ts";

const text = readFileSync(new URL("../../docs/training.md", import.meta.url), "utf8");

test.each([
  ["options of fit", FIT_OPTIONS],
  ["stop conditions", STOP_CONDITIONS],
  ["callbacks", Object.keys(callbacks)],
  ["layers", Object.keys(layers)],
  ["losses", Object.keys(losses)],
  ["metrics", Object.keys(metrics)],
  ["initialisers", Object.keys(initializers)],
  ["functions over graph values", Object.keys(ops)],
  ["data tools", Object.keys(data)],
])("docs/training.md names the %s", (_, names) => {
  expect([...names].filter((name) => !text.includes(`\`${name}`))).toEqual([]);
  expect([...names].length).toBeGreaterThan(3);
});

test("every public name is in the code of some document", () => {
  const root = new URL("../../", import.meta.url);
  const files = ["README.md", ...readdirSync(new URL("docs/", root)).map((name) => `docs/${name}`)];
  const code = files
    .flatMap((file) => readFileSync(new URL(file, root), "utf8").match(/```[\s\S]*?```|`[^`]+`/g) ?? [])
    .join("\n");
  const words = new Set(code.match(/\w+/g));
  expect(Object.keys(everything).filter((name) => !words.has(name))).toEqual([]);
});
