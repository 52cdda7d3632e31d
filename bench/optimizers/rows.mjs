// What bench/optimizers.mjs times: a class with its options over parameters of given shapes.
import {
  Adadelta,
  Adafactor,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  ASGD,
  LAMB,
  LARS,
  Lion,
  Muon,
  NAdam,
  RAdam,
  RMSprop,
  Rprop,
  ScheduleFreeAdamW,
  ScheduleFreeSGD,
  SGD,
} from "../../dist/index.js";

const MLP = [[784, 256], [256], [256, 128], [128], [128, 10], [10]];
const LARGE = [[25_000_000]];
const SQUARE = [[1024, 1024]];
const rate = 1e-3;

/**
 * `bytes`: what a step must move per parameter; `torch`: PyTorch's class and options where it has the method; `every`: also
 * beside the reference backend and, for Adam, a JavaScript and a C++ loop; `groups`: in as many groups, also with as many
 * frozen ones of the same shapes between them.
 */
const adam = { Class: Adam, options: { learningRate: rate }, bytes: 28, torch: ["Adam", { lr: rate }], every: true };

const inCache = [
  { name: "Adam, one element", ...adam, shapes: [[1]] },
  { name: "Adam, 10,000", ...adam, shapes: [[10_000]] },
  { name: "Adam, 100,000", ...adam, shapes: [[100_000]] },
  { name: "Adam, 1,000,000", ...adam, shapes: [[1_000_000]] },
  { name: "Adam, 1,000 tensors of 64", ...adam, shapes: new Array(1000).fill([64]) },
  {
    name: "Adam, 500 tensors of 64 in 10 groups, 10 more frozen",
    ...adam,
    torch: undefined,
    every: false,
    shapes: new Array(500).fill([64]),
    groups: 10,
  },
  { name: "Adam, 784-256-128-10", ...adam, shapes: MLP },
];

const beyondCache = [
  { name: "SGD", Class: SGD, options: {}, bytes: 12, torch: ["SGD", { lr: rate }] },
  { name: "SGD with momentum", Class: SGD, options: { momentum: 0.9 }, bytes: 20, torch: ["SGD", { lr: rate, momentum: 0.9 }] },
  { name: "Adagrad", Class: Adagrad, options: {}, bytes: 20, torch: ["Adagrad", { lr: rate }] },
  { name: "RMSprop", Class: RMSprop, options: {}, bytes: 20, torch: ["RMSprop", { lr: rate }] },
  { name: "Lion", Class: Lion, options: {}, bytes: 20 },
  { name: "Adam", ...adam },
  { name: "AdamW", Class: AdamW, options: {}, bytes: 28, torch: ["AdamW", { lr: rate }] },
].map((row) => ({ ...row, name: `${row.name}, 25,000,000`, options: { learningRate: rate, ...row.options }, shapes: LARGE }));

/** Adam's moments in fewer bits: 20 and 16 bytes per parameter. */
const fewBits = ["bf16", "int8"].flatMap((stateType) =>
  ["nearest", "stochastic"].map((stateRounding) => ({
    name: `Adam, ${stateType} moments, ${stateRounding}, 25,000,000`,
    Class: Adam,
    options: { learningRate: rate, stateType, stateRounding },
    bytes: stateType === "bf16" ? 20 : 16,
    shapes: LARGE,
    float32: true,
  })),
);

/** The same for methods of one moment: 16 and 14 bytes. */
const fewBitsOfOne = [
  ["Lion", Lion, {}],
  ["SGD with momentum", SGD, { momentum: 0.9 }],
].flatMap(([name, Class, own]) =>
  ["bf16", "int8"].map((stateType) => ({
    name: `${name}, ${stateType} moment, stochastic, 25,000,000`,
    Class,
    options: { learningRate: rate, ...own, stateType },
    full: own,
    bytes: stateType === "bf16" ? 16 : 14,
    shapes: LARGE,
    float32: true,
  })),
);

const others = [
  { name: "NAdam", Class: NAdam, bytes: 28, torch: ["NAdam", { lr: rate }] },
  { name: "RAdam", Class: RAdam, bytes: 28, torch: ["RAdam", { lr: rate }] },
  { name: "Adamax", Class: Adamax, bytes: 28, torch: ["Adamax", { lr: rate }] },
  { name: "Adadelta", Class: Adadelta, bytes: 28, torch: ["Adadelta", { lr: rate }] },
  { name: "Rprop", Class: Rprop, bytes: 28, torch: ["Rprop", { lr: rate }] },
  { name: "ASGD", Class: ASGD, bytes: 20, torch: ["ASGD", { lr: rate }] },
  { name: "ScheduleFreeSGD", Class: ScheduleFreeSGD, bytes: 20 },
  { name: "ScheduleFreeAdamW", Class: ScheduleFreeAdamW, bytes: 28 },
  { name: "LARS", Class: LARS, bytes: 20 },
  { name: "LAMB", Class: LAMB, bytes: 28 },
  { name: "Adafactor", Class: Adafactor, bytes: 12 },
  { name: "Muon", Class: Muon, bytes: 20, products: 5 },
].map((row) => ({ ...row, name: `${row.name}, 1024 × 1024`, options: { learningRate: rate }, shapes: SQUARE }));

export const rows = [...inCache, ...beyondCache, ...fewBits, ...fewBitsOfOne, ...others];
export const countOf = (shape) => shape.reduce((a, b) => a * b, 1);
export const totalOf = ({ shapes }) => shapes.reduce((sum, shape) => sum + countOf(shape), 0);
