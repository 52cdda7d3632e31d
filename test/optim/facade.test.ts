// What every optimizer shares: options, groups, null gradients, errors that leave everything as it was, and state.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as downhill from "../../src/index.ts";
import { Adam, AdamW, RMSprop, SGD } from "../../src/index.ts";
import { methods } from "../../src/testing.ts";
import { rnd } from "./golden.ts";

type AnyOptimizer = {
  step(g: (Float32Array | null)[], o?: { loss?: number }): void;
  stateDict(): downhill.OptimizerState;
  loadStateDict(s: downhill.OptimizerState): void;
};
const classes = downhill as unknown as Record<string, new (p: object[], o?: object) => AnyOptimizer>;
/** Classes that take plain vectors in float32. */
const names = methods.map(({ name }) => name).filter((name) => name in classes);

const code = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "none";
};
const values = (seed: number, n = 37): Float32Array => new Float32Array(rnd(seed, 7, n));
const detached = (): Float32Array => {
  const array = new Float32Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
};

for (const backend of ["native", "reference"] as const) {
  describe(`${backend} backend`, () => {
    beforeAll(() => downhill.setBackend(backend));
    afterAll(() => downhill.setBackend("auto"));

    test.each(names)("%s goes on bit for bit from its state", (name) => {
      const [p, q] = [values(1), values(1)];
      const a = new classes[name]!([p], { learningRate: 0.01 });
      for (let t = 0; t < 5; t++) a.step([values(10 + t)], { loss: 1 / (t + 1) });
      const state = structuredClone(a.stateDict());
      q.set(p);
      const b = new classes[name]!([q], { learningRate: 0.5 });
      b.loadStateDict(state);
      expect(b.stateDict()).toEqual(state);
      for (let t = 5; t < 10; t++) for (const o of [a, b]) o.step([values(10 + t)], { loss: 1 / (t + 1) });
      expect(q).toEqual(p);
      expect(b.stateDict()).toEqual(a.stateDict());
    });

    test("a null gradient leaves the parameter, its state and its step count; others go on", () => {
      const [p, q, alone] = [values(1), values(2), values(2)];
      const both = new Adam([p, q]);
      const single = new Adam([alone]);
      both.step([values(3), values(4)]);
      const [kept, state] = [p.slice(), both.stateDict().params[0]];
      both.step([null, values(5)]);
      expect(p).toEqual(kept);
      expect(both.stateDict().params[0]).toEqual(state);
      expect(both.stateDict().params.map(({ step }) => step)).toEqual([1, 2]);
      for (const seed of [4, 5]) single.step([values(seed)]);
      expect(q).toEqual(alone);
      both.step([values(6), values(7)]);
      single.step([values(7)]);
      expect(q).toEqual(alone);
      expect(both.stateDict().params.map(({ step }) => step)).toEqual([2, 3]);
    });

    test("a frozen group is not updated until it is thawed; groups can be added", () => {
      const [p, q, late] = [values(1), values(2), values(3)];
      const o = new SGD([{ params: [p] }, { params: [q], frozen: true }], { learningRate: 0.5 });
      const before = q.slice();
      o.step([values(4), values(5)]);
      expect(q).toEqual(before);
      o.groups[1]!.frozen = false;
      o.addGroup({ params: [late], learningRate: 0.25 } as downhill.ParamGroup);
      o.step([values(4), values(5), values(6)]);
      expect(q).toEqual(before.map((x, i) => x - 0.5 * values(5)[i]!));
      expect(late).toEqual(values(3).map((x, i) => x - 0.25 * values(6)[i]!));
    });

    test("numeric options change between steps, across zero too; others are read-only", () => {
      const p = new Float32Array([1]);
      const o = new SGD([p], { learningRate: 0.5 });
      o.step([Float32Array.of(1)]);
      o.groups[0]!.learningRate = 0.25;
      o.groups[0]!.momentum = 0.5;
      o.step([Float32Array.of(1)]);
      o.step([Float32Array.of(1)]);
      expect([...p]).toEqual([1 - 0.5 - 0.25 - 0.25 * 1.5]);
      const group = o.groups[0] as unknown as Record<string, unknown>;
      expect(code(() => Object.assign(group, { learningRate: -1 }))).toBe("ERR_OPTION");
      expect(code(() => Object.assign(group, { learningRate: "1" }))).toBe("ERR_OPTION");
      expect(code(() => Object.assign(group, { nesterov: true }))).toBe("ERR_OPTION");
      expect(group.learningRate).toBe(0.25);
    });

    test.each<[string, () => unknown, string]>([
      ["a NaN rate", () => new SGD([values(1)], { learningRate: Number.NaN }), "ERR_OPTION"],
      ["a negative rate", () => new SGD([values(1)], { learningRate: -1 }), "ERR_OPTION"],
      ["β = 1", () => new Adam([values(1)], { beta1: 1 }), "ERR_OPTION"],
      ["β < 0", () => new Adam([values(1)], { beta2: -0.1 }), "ERR_OPTION"],
      ["ε < 0", () => new Adam([values(1)], { epsilon: -1e-8 }), "ERR_OPTION"],
      ["a negative decay", () => new AdamW([values(1)], { weightDecay: -1 }), "ERR_OPTION"],
      ["Nesterov without momentum", () => new SGD([values(1)], { nesterov: true }), "ERR_OPTION"],
      ["alpha with rho", () => new RMSprop([values(1)], { alpha: 0.9, rho: 0.9 }), "ERR_OPTION"],
      ["an unknown option", () => new SGD([values(1)], { lr: 1 } as object), "ERR_OPTION"],
      ["an array that is not float", () => new SGD([new Int32Array(3) as unknown as Float32Array]), "ERR_DTYPE"],
      ["null as a parameter", () => new SGD([null as unknown as Float32Array]), "ERR_DTYPE"],
      ["a detached parameter", () => new SGD([detached()]), "ERR_DETACHED"],
    ])("construction refuses %s", (_, act, expected) => {
      expect(code(act)).toBe(expected);
    });

    test("the same memory twice is refused, within and across groups", () => {
      const p = values(1);
      expect(code(() => new SGD([p, p]))).toBe("ERR_DUPLICATE");
      expect(code(() => new SGD([{ params: [p] }, { params: [p.subarray(0)] }]))).toBe("ERR_DUPLICATE");
      expect(code(() => new SGD([p.subarray(0, 5), p.subarray(4)]))).toBe("ERR_ALIAS");
      expect(code(() => new SGD([p.subarray(0, 5), p.subarray(5)]))).toBe("none");
      const o = new SGD([p]);
      expect(code(() => o.addGroup({ params: [p] }))).toBe("ERR_DUPLICATE");
      expect(o.groups).toHaveLength(1);
    });

    test("step refuses bad gradients and changes nothing", () => {
      const p = values(1);
      const o = new Adam([p, values(2)]);
      o.step([values(3), values(4)]);
      const [before, state] = [p.slice(), o.stateDict()];
      const bad: [unknown, string][] = [
        [[values(3)], "ERR_LENGTH"],
        [[values(3, 36), values(4)], "ERR_LENGTH"],
        [[new Float64Array(37), values(4)], "ERR_DTYPE"],
        [[values(3), [1, 2]], "ERR_DTYPE"],
        [[values(3), detached()], "ERR_DETACHED"],
        [[p, values(4)], "ERR_ALIAS"],
        [[values(3), p.subarray(0)], "ERR_ALIAS"],
        [values(3), "ERR_DTYPE"],
      ];
      for (const [gradients, expected] of bad) expect(code(() => o.step(gradients as Float32Array[]))).toBe(expected);
      expect(p).toEqual(before);
      expect(o.stateDict()).toEqual(state);
    });

    test("memory that was detached or shrunk between steps is found, though the arrays are the same", () => {
      const p = values(1);
      const g = values(2);
      const o = new Adam([p]);
      o.step([g]);
      structuredClone(g.buffer, { transfer: [g.buffer as ArrayBuffer] });
      const before = p.slice();
      expect(code(() => o.step([g]))).toBe("ERR_DETACHED");
      expect(p).toEqual(before);
      structuredClone(p.buffer, { transfer: [p.buffer as ArrayBuffer] });
      expect(code(() => o.step([values(2)]))).toBe("ERR_DETACHED");
      const Resizable = ArrayBuffer as unknown as new (
        bytes: number,
        options: object,
      ) => ArrayBuffer & { resize(n: number): void };
      const buffer = new Resizable(64, { maxByteLength: 128 });
      const tracked = new Float32Array(buffer);
      const r = new SGD([tracked]);
      r.step([new Float32Array(16)]);
      buffer.resize(32);
      expect(code(() => r.step([new Float32Array(16)]))).toBe("ERR_LENGTH");
    });

    test("among many arrays, each that was detached is found, owned or not, though it tells another length", () => {
      for (const make of [(n: number) => downhill.allocate("float32", n), (n: number) => new Float32Array(n)]) {
        for (const lost of [0, 2, 4]) {
          for (const which of ["gradient", "parameter"]) {
            const params = Array.from({ length: 5 }, () => make(9));
            const gradients = params.map(() => make(9).fill(1));
            const o = new SGD(params, { learningRate: 1 });
            for (let step = 0; step < 3; step++) o.step(gradients);
            const array = (which === "gradient" ? gradients : params)[lost]!;
            Object.defineProperty(array, "length", { value: 9 });
            Object.setPrototypeOf(array, Object.create(Float32Array.prototype, { 8: { value: 1 } }));
            structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
            // Node 20 copies memory that an addon owns instead of transferring it.
            const attached = array.buffer.byteLength > 0;
            expect(code(() => o.step(gradients))).toBe(attached ? "none" : "ERR_DETACHED");
            const expected = new Array(9).fill(attached ? -4 : -3);
            for (const [i, p] of params.entries()) if (i !== lost) expect(Array.from(p)).toEqual(expected);
          }
        }
      }
    });

    test("an array that follows its growing buffer is found", () => {
      const Growing = SharedArrayBuffer as unknown as new (
        bytes: number,
        o: object,
      ) => SharedArrayBuffer & { grow(n: number): void };
      const buffer = new Growing(16, { maxByteLength: 64 });
      const g = new Float32Array(buffer);
      const o = new SGD([new Float32Array(4)]);
      o.step([g]);
      buffer.grow(32);
      expect(code(() => o.step([g]))).toBe("ERR_LENGTH");
    });

    test("a state that does not fit is refused before anything changes", () => {
      const o = new Adam([values(1)]);
      o.step([values(2)]);
      const state = o.stateDict();
      const changed = (change: (s: downhill.OptimizerState) => void): downhill.OptimizerState => {
        const copy = structuredClone(state);
        change(copy);
        return copy;
      };
      const bad: [downhill.OptimizerState, string][] = [
        [changed((s) => Object.assign(s, { format: 2 })), "ERR_FORMAT"],
        [changed((s) => Object.assign(s, { optimizer: "SGD" })), "ERR_STATE"],
        [changed((s) => s.params.pop()), "ERR_STATE"],
        [changed((s) => Object.assign(s.params[0]!, { shape: [38] })), "ERR_SHAPE"],
        [changed((s) => delete s.params[0]!.slots.m), "ERR_STATE"],
        [changed((s) => Object.assign(s.params[0]!.slots, { extra: new Float32Array(37) })), "ERR_STATE"],
        [changed((s) => Object.assign(s.params[0]!.slots, { m: new Float32Array(36) })), "ERR_LENGTH"],
        [changed((s) => Object.assign(s.groups[0]!.options, { beta1: 2 })), "ERR_OPTION"],
        [changed((s) => Object.assign(s.params[0]!, { step: -1 })), "ERR_FORMAT"],
      ];
      for (const [given, expected] of bad) expect(code(() => o.loadStateDict(given))).toBe(expected);
      expect(o.stateDict()).toEqual(state);
    });

    test("t = 2³¹ + 1, β₂ = .9999999 and a gradient of 1e20 in float32 give finite, expected numbers", () => {
      const p = Float32Array.of(1);
      const o = new Adam([p], { beta2: 0.9999999, learningRate: 0.5 });
      o.step([Float32Array.of(1e20)]);
      expect(p[0]).toBeCloseTo(0.5, 5);
      const state = o.stateDict();
      state.params[0]!.step = 2 ** 31;
      o.loadStateDict(state);
      o.step([Float32Array.of(0)]);
      expect(o.stateDict().params[0]!.step).toBe(2 ** 31 + 1);
      expect(Number.isFinite(p[0])).toBe(true);
    });
  });
}

test("edge numbers are the same bits in both backends", () => {
  const runs = (["native", "reference"] as const).map((backend) => {
    downhill.setBackend(backend);
    const p = values(1);
    const o = new Adam([p], { beta2: 0.9999999 });
    const state = o.stateDict();
    state.params[0]!.step = 2 ** 31;
    for (const slot of ["m", "v"]) state.params[0]!.slots[slot] = new Float32Array(37);
    o.loadStateDict(state);
    for (const scale of [1e20, 1e-30, 1]) o.step([values(2).map((x) => x * scale)]);
    return [p, o.stateDict()];
  });
  downhill.setBackend("auto");
  expect(runs[0]).toEqual(runs[1]);
});
