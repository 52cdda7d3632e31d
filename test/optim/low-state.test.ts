// Moments in bfloat16 and in 8 bits: what the state is, that it resumes exactly, that stochastic rounding keeps the means.
import { afterEach, describe, expect, test } from "vitest";
import { uniform } from "../../src/core/random.ts";
import * as downhill from "../../src/index.ts";

const { Adam, AdamW, Lion, SGD, setBackend } = downhill;
const N = 5000;
const initial = Float32Array.from({ length: N }, (_, i) => 2 * uniform(1, 0, i) - 1);
const gradientAt = (t: number): Float32Array => Float32Array.from({ length: N }, (_, i) => uniform(2, t, i) - 0.3);

afterEach(() => setBackend("auto"));

function run(options: object, from: number, to: number, parameter: Float32Array, state?: downhill.OptimizerState) {
  const optimizer = new AdamW([parameter], options);
  if (state) optimizer.loadStateDict(state);
  for (let t = from; t <= to; t++) optimizer.step([gradientAt(t)]);
  return optimizer;
}

describe.each(["bf16", "int8"] as const)("stateType %s", (stateType) => {
  const options = { learningRate: 0.01, stateType, stateSeed: 2 ** 40 + 3 };

  test("keeps its arrays in the state dictionary", () => {
    const { slots } = run(options, 1, 2, initial.slice()).stateDict().params[0]!;
    const expected =
      stateType === "bf16"
        ? { m: [Uint16Array, N], v: [Uint16Array, N] }
        : { m: [Int8Array, N], v: [Int8Array, N], mScales: [Float32Array, 20], vScales: [Float32Array, 20] };
    expect(Object.keys(slots).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, [type, length]] of Object.entries(expected)) {
      expect(slots[name]).toBeInstanceOf(type);
      expect((slots[name] as Float32Array).length).toBe(length);
    }
  });

  test("goes on bit for bit from a state dictionary, on the other backend too", () => {
    const whole = initial.slice();
    run(options, 1, 6, whole);
    for (const backend of ["native", "reference"] as const) {
      setBackend(backend);
      const parts = initial.slice();
      const state = run(options, 1, 3, parts).stateDict();
      setBackend("auto");
      run(options, 4, 6, parts, state);
      expect(parts).toEqual(whole);
    }
  });

  test("refuses a state of another type and changes nothing", () => {
    const state = run({ ...options, stateType: "full" }, 1, 2, initial.slice()).stateDict();
    const optimizer = run(options, 1, 2, initial.slice());
    const before = optimizer.stateDict();
    const record = { ...state, groups: before.groups };
    expect(() => optimizer.loadStateDict(record)).toThrow(
      expect.objectContaining({ code: stateType === "bf16" ? "ERR_DTYPE" : "ERR_STATE" }),
    );
    expect(optimizer.stateDict()).toEqual(before);
  });

  test("draws other bits for another seed, the same for the same", () => {
    const results = [3, 3, 4].map((stateSeed) => {
      const parameter = initial.slice();
      run({ ...options, stateSeed }, 1, 4, parameter);
      return parameter;
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).not.toEqual(results[0]);
  });

  test("keeps the mean of v right under stochastic rounding, where nearest rounding gets stuck", () => {
    // Equal gradients, then none: v halves in 693 steps at β₂ = .999. An 8-bit or bfloat16 value that is rounded to nearest
    // cannot follow a decay of .1 % per step.
    const size = 8192;
    const meanOf = (stateRounding: "stochastic" | "nearest"): number => {
      const optimizer = new Adam([new Float32Array(size)], { stateType, stateRounding });
      const one = new Float32Array(size).fill(1);
      const none = new Float32Array(size);
      one[0] = none[0] = 1;
      for (let i = 0; i < size; i += 256) one[i] = none[i] = 1;
      for (let t = 0; t < 200; t++) optimizer.step([one]);
      for (let t = 0; t < 693; t++) optimizer.step([none]);
      const { v, vScales } = optimizer.stateDict().params[0]!.slots as Record<string, Float32Array>;
      const wide = new Float32Array(1);
      const bits = new Uint32Array(wide.buffer);
      let [sum, count] = [0, 0];
      for (let i = 0; i < size; i++) {
        if (i % 256 === 0) continue;
        bits[0] = v![i]! << 16;
        sum += stateType === "bf16" ? wide[0]! : ((v![i]! + 128) * vScales![Math.floor(i / 256)]!) ** 2;
        count++;
      }
      return sum / count;
    };
    const exact = (1 - 0.999 ** 200) * 0.999 ** 693;
    // Rounding noise averages out over 8160 elements; rounding the root adds its variance, below 2 % of v here.
    expect(Math.abs(meanOf("stochastic") / exact - 1)).toBeLessThan(0.03);
    expect(Math.abs(meanOf("nearest") / exact - 1)).toBeGreaterThan(0.2);
  });
});

describe.each([
  ["Lion", "m", (o: object) => new Lion([], o), {}],
  ["SGD", "v", (o: object) => new SGD([], o), { momentum: 0.9 }],
  ["SGD", "v", (o: object) => new SGD([], o), { momentum: 0.9, nesterov: true }],
] as const)("%s, moment %s", (_name, slot, make, own) => {
  const trained = (o: object, to: number, backend: "native" | "reference"): [Float32Array, downhill.OptimizerState] => {
    setBackend(backend);
    const parameter = initial.slice();
    const optimizer = make({ learningRate: 0.01, ...own, ...o });
    optimizer.addGroup({ params: [parameter] });
    for (let t = 1; t <= to; t++) optimizer.step([gradientAt(t)]);
    return [parameter, optimizer.stateDict()];
  };

  test.each(["bf16", "int8"] as const)(
    "in %s: stays near full state, has the reference's bits and resumes to them",
    (stateType) => {
      const [full] = trained({}, 6, "native");
      const [native, state] = trained({ stateType }, 6, "native");
      const [reference] = trained({ stateType }, 6, "reference");
      expect(native).toEqual(reference);
      expect(native).not.toEqual(full);
      // A moment is wrong by less than 2⁻⁷ of itself in bfloat16 and 1/127 of its block's largest in 8 bits, each step.
      const distance = native.reduce((sum, x, i) => sum + Math.abs(x - full[i]!), 0);
      const way = full.reduce((sum, x, i) => sum + Math.abs(x - initial[i]!), 0);
      expect(distance / way).toBeLessThan(0.03);
      const expected = stateType === "bf16" ? { [slot]: Uint16Array } : { [slot]: Int8Array, [`${slot}Scales`]: Float32Array };
      const { slots } = state.params[0]!;
      expect(Object.keys(slots).sort()).toEqual(Object.keys(expected).sort());
      for (const [name, type] of Object.entries(expected)) expect(slots[name]).toBeInstanceOf(type);
      const [parameter, half] = trained({ stateType }, 3, "reference");
      setBackend("native");
      const optimizer = make({ learningRate: 0.01, ...own, stateType });
      optimizer.addGroup({ params: [parameter] });
      optimizer.loadStateDict(half);
      for (let t = 4; t <= 6; t++) optimizer.step([gradientAt(t)]);
      expect(parameter).toEqual(native);
    },
  );
});

test("SGD without momentum has no state to keep in fewer bits", () => {
  const optimizer = new SGD([new Float32Array(5000)], { stateType: "int8" });
  optimizer.step([new Float32Array(5000).fill(1)]);
  expect(optimizer.stateDict().params[0]!.slots).toEqual({});
});

test("8-bit state leaves short tensors and float64 ones alone", () => {
  const params = [new Float32Array(4095), new Float32Array(4096), new Float64Array(5000)];
  const optimizer = new Adam(params, { stateType: "int8" });
  optimizer.step([new Float32Array(4095).fill(1), new Float32Array(4096).fill(1), new Float64Array(5000).fill(1)]);
  const types = optimizer.stateDict().params.map(({ slots }) => slots.m!.constructor);
  expect(types).toEqual([Float32Array, Int8Array, Float64Array]);
});

test("stateType is refused with amsgrad, and unknown ones are", () => {
  const code = expect.objectContaining({ code: "ERR_OPTION" });
  expect(() => new Adam([new Float32Array(3)], { stateType: "bf16", amsgrad: true })).toThrow(code);
  expect(() => new Adam([new Float32Array(3)], { stateType: "fp8" as "bf16" })).toThrow(code);
  expect(() => new Adam([new Float32Array(3)], { stateSeed: 0.5 })).toThrow(code);
});
