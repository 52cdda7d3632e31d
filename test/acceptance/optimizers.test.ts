// The public contract of the optimizers, name by name, on both backends: options and defaults, what may change between
// steps, the fields of a state dictionary.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as downhill from "../../src/index.ts";

const COMMON = "learningRate weightDecay decoupled l1 l2 maximize";
const OPTIONS: Record<string, string> = {
  SGD: "momentum dampening nesterov",
  MomentumEMA: "beta",
  Adagrad: "learningRateDecay initialAccumulator epsilon",
  RMSprop: "alpha epsilon epsilonInside centered momentum average window",
  Adam: "beta1 beta2 epsilon amsgrad biasCorrection",
  AdamW: "beta1 beta2 epsilon amsgrad biasCorrection",
  NAdam: "beta1 beta2 epsilon momentumDecay",
  RAdam: "beta1 beta2 epsilon",
  Adamax: "beta1 beta2 epsilon",
  Adadelta: "rho epsilon",
  ASGD: "lambd alpha t0",
  Rprop: "etaMinus etaPlus minStep maxStep",
  Lion: "beta1 beta2",
  LAMB: "beta1 beta2 epsilon",
  LARS: "momentum trustCoefficient epsilon",
  Adafactor: "beta2Decay epsilon1 epsilon2 clipThreshold",
  Muon: "momentum nesterov nsSteps nsCoefficients adjustLearningRate",
  MomentumAccelerator: "beta1 beta2 epsilon mode",
  RMSpropLossNormalized: "beta1 beta2 epsilon mode",
};
/** PyTorch's defaults where PyTorch has the class. */
const DEFAULTS: Record<string, Record<string, unknown>> = {
  SGD: { learningRate: 0.001, momentum: 0, dampening: 0, nesterov: false },
  Adagrad: { learningRate: 0.01, learningRateDecay: 0, initialAccumulator: 0, epsilon: 1e-10 },
  RMSprop: { learningRate: 0.01, alpha: 0.99, epsilon: 1e-8, centered: false, momentum: 0 },
  Adam: { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, amsgrad: false, decoupled: false },
  AdamW: { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, amsgrad: false, decoupled: true },
  NAdam: { learningRate: 0.002, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentumDecay: 0.004 },
  RAdam: { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  Adamax: { learningRate: 0.002, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  Adadelta: { learningRate: 1, rho: 0.9, epsilon: 1e-6 },
  ASGD: { learningRate: 0.01, lambd: 1e-4, alpha: 0.75, t0: 1e6 },
  Rprop: { learningRate: 0.01, etaMinus: 0.5, etaPlus: 1.2, minStep: 1e-6, maxStep: 50 },
};

type Group = Record<string, unknown>;
type Made = InstanceType<typeof downhill.Adam>;
type Constructor = new (params: readonly unknown[], options?: object) => Made;
const classOf = (name: string) => (downhill as unknown as Record<string, Constructor>)[name] as Constructor;
const groupOf = (optimizer: Made) => optimizer.groups[0] as unknown as Group;
const code = (expected: string) => expect.objectContaining({ code: expected });
const ones = (length: number) => new Float32Array(length).fill(1);

describe.each(["native", "reference"] as const)("optimizers on the %s backend", (backend) => {
  beforeAll(() => downhill.setBackend(backend));
  afterAll(() => downhill.setBackend("auto"));

  describe.each(Object.keys(OPTIONS))("%s", (name) => {
    const Class = classOf(name);
    const names = `${COMMON} ${OPTIONS[name]}`.split(" ");

    test("has the contract's options, takes each one's default back, and refuses unknown names", () => {
      const group = groupOf(new Class([ones(4)]));
      expect(names.filter((key) => !(key in group))).toEqual([]);
      expect(group).toMatchObject(DEFAULTS[name] ?? {});
      for (const key of names) expect(groupOf(new Class([ones(4)], { [key]: group[key] }))[key]).toEqual(group[key]);
      expect(() => new Class([ones(4)], { learningrate: 1 })).toThrow(code("ERR_OPTION"));
      expect(() => new Class([ones(4)], { learningRate: Number.NaN })).toThrow(code("ERR_OPTION"));
      expect(() => new Class([ones(4)], { learningRate: -1 })).toThrow(code("ERR_OPTION"));
    });

    test("numbers change between steps, checked as at construction; booleans and strings are read-only", () => {
      const optimizer = new Class([ones(4)]);
      const group = groupOf(optimizer);
      for (const key of names) {
        const before = group[key];
        if (typeof before === "number") {
          expect(() => Object.assign(group, { [key]: Number.NaN }), key).toThrow(code("ERR_OPTION"));
          expect(() => Object.assign(group, { [key]: "1" }), key).toThrow(code("ERR_OPTION"));
        } else expect(() => Object.assign(group, { [key]: before }), key).toThrow(code("ERR_OPTION"));
        expect(group[key], key).toEqual(before);
      }
      group.learningRate = 1e-4;
      expect(groupOf(optimizer).learningRate).toBe(1e-4);
      expect(() => Object.assign(group, { learningrate: 1 })).toThrow(code("ERR_OPTION"));
      optimizer.step([ones(4)], { loss: 1 });
    });

    test("a state dictionary has exactly the contract's fields and comes back bit for bit", () => {
      const params = [ones(4), downhill.tensor(ones(6), [2, 3])];
      const optimizer = new Class([{ params: [params[0]], name: "first" }, { params: [params[1]] }]);
      optimizer.step(
        [ones(4), ones(6)].map((g, i) => (i === 0 ? g : downhill.tensor(g, [2, 3]))),
        { loss: 2 },
      );
      const state = optimizer.stateDict();
      expect(
        Object.keys(state)
          .filter((key) => key !== "schedules")
          .sort(),
      ).toEqual(["counters", "format", "groups", "optimizer", "params"]);
      expect([state.format, state.optimizer, state.groups.map((group) => group.params)]).toEqual([1, name, [[0], [1]]]);
      expect(state.groups.map((group) => [group.name, group.optimizer])).toEqual([
        ["first", name],
        [undefined, name],
      ]);
      expect(state.params.map(({ shape, dtype, step }) => ({ shape, dtype, step }))).toEqual([
        { shape: [4], dtype: "float32", step: 1 },
        { shape: [2, 3], dtype: "float32", step: 1 },
      ]);
      const other = new Class([{ params: [ones(4)], name: "first" }, { params: [downhill.tensor(ones(6), [2, 3])] }]);
      other.loadStateDict(structuredClone(state));
      expect(other.stateDict()).toEqual(state);
      for (const wrong of [{}, { ...state, format: 2 }, { ...state, optimizer: "other" }, { ...state, params: [] }])
        expect(() => other.loadStateDict(wrong as typeof state)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^ERR_(FORMAT|STATE)$/) }),
        );
      expect(other.stateDict()).toEqual(state);
    });

    test("null skips a parameter, its state and its step count; wrong gradients change nothing", () => {
      const params = [ones(3), ones(2)];
      const optimizer = new Class(params);
      optimizer.step([ones(3), null], { loss: 1 });
      const state = optimizer.stateDict();
      expect([params[1], state.params.map(({ step }) => step)]).toEqual([ones(2), [1, 0]]);
      const before = structuredClone([params, state]);
      for (const [gradients, expected] of [
        [[ones(3)], "ERR_LENGTH"],
        [[ones(3), ones(3)], "ERR_LENGTH"],
        [[ones(3), new Float64Array(2)], "ERR_DTYPE"],
        [[ones(3), undefined], "ERR_DTYPE"],
        [[ones(3), [1, 2]], "ERR_DTYPE"],
        [[ones(3), params[1]], "ERR_ALIAS"],
        [null, "ERR_DTYPE"],
      ] as const)
        expect(() => optimizer.step(gradients as never, { loss: 1 })).toThrow(code(expected));
      expect([params, optimizer.stateDict()]).toEqual(before);
    });
  });

  test("RMSprop's alpha is also called rho; both are an error", () => {
    const optimizer = new downhill.RMSprop([ones(1)], { rho: 0.8 } as object);
    expect(optimizer.groups[0]?.alpha).toBe(0.8);
    Object.assign(optimizer.groups[0] as object, { rho: 0.7 });
    expect(optimizer.groups[0]?.alpha).toBe(0.7);
    expect(() => new downhill.RMSprop([ones(1)], { rho: 0.8, alpha: 0.8 } as object)).toThrow(code("ERR_OPTION"));
  });

  test("the same parameter twice, within or across groups, and options that exclude each other are errors", () => {
    const p = ones(3);
    expect(() => new downhill.SGD([p, p])).toThrow(code("ERR_DUPLICATE"));
    expect(() => new downhill.SGD([{ params: [p] }, { params: [p] }])).toThrow(code("ERR_DUPLICATE"));
    expect(() => new downhill.SGD([p, p.subarray(1)])).toThrow(code("ERR_ALIAS"));
    expect(() => new downhill.SGD([p]).addGroup({ params: [p] })).toThrow(code("ERR_DUPLICATE"));
    expect(() => new downhill.SGD([p], { nesterov: true })).toThrow(code("ERR_OPTION"));
  });

  test("a change across zero adds zeroed slots and takes them away; the state always loads", () => {
    const p = ones(2);
    const optimizer = new downhill.SGD([p], { learningRate: 0.5 });
    const slots = () => Object.keys(optimizer.stateDict().params[0]?.slots ?? {});
    optimizer.step([ones(2)]);
    expect([p[0], slots()]).toEqual([0.5, []]);
    Object.assign(optimizer.groups[0] as object, { momentum: 0.5 });
    optimizer.step([ones(2)]); // v = 1
    optimizer.step([ones(2)]); // v = 1.5
    expect([p[0], slots()]).toEqual([-0.75, ["v"]]);
    Object.assign(optimizer.groups[0] as object, { momentum: 0 });
    expect(slots()).toEqual([]);
    optimizer.loadStateDict(optimizer.stateDict());
    optimizer.step([ones(2)]);
    expect(p[0]).toBe(-1.25);
    Object.assign(optimizer.groups[0] as object, { momentum: 0.5 });
    optimizer.step([ones(2)]);
    expect(p[0]).toBe(-1.75);
  });
});
