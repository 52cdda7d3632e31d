// docs/training.md names everything that fit, compile, the callbacks, losses and metrics offer.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as layers from "../../src/nn/layers.ts";
import * as losses from "../../src/nn/losses.ts";
import * as callbacks from "../../src/train/callbacks/index.ts";
import { FIT_OPTIONS, STOP_CONDITIONS } from "../../src/train/fit-options.ts";
import { metrics } from "../../src/train/metrics.ts";

const text = readFileSync(new URL("../../docs/training.md", import.meta.url), "utf8");
const helpers = ["lossFrom", "lossOf"];

test.each([
  ["options of fit", FIT_OPTIONS],
  ["stop conditions", STOP_CONDITIONS],
  ["callbacks", Object.keys(callbacks)],
  ["layers", Object.keys(layers)],
  ["losses", Object.keys(losses).filter((name) => !helpers.includes(name))],
  ["metrics", Object.keys(metrics)],
])("docs/training.md names the %s", (_, names) => {
  expect([...names].filter((name) => !text.includes(`\`${name}`))).toEqual([]);
  expect([...names].length).toBeGreaterThan(3);
});
