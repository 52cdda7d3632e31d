// Arrays of another realm (a vm context; test runners make them) are not instances of this realm's classes, but they are
// the same kind of memory: kinds are read from the arrays themselves.
import vm from "node:vm";
import { afterAll, describe, expect, test } from "vitest";
import { permutation } from "../../src/core/random.ts";
import { clipByGlobalNorm, EMA, GradientAccumulator, gemm, matmul, SGD, setBackend, tensor } from "../../src/index.ts";

const realm = vm.createContext({});
const foreign = <T>(code: string): T => vm.runInContext(code, realm) as T;

describe.each(["auto", "reference"] as const)("%s backend", (backend) => {
  afterAll(() => setBackend("auto"));
  test.each(["Float32Array", "Float64Array"])("%s of another realm", (kind) => {
    setBackend(backend);
    const make = (...values: number[]): Float64Array => foreign(`${kind}.of(${values.join()})`);
    const own = kind === "Float32Array" ? Float32Array : Float64Array;
    expect(make(1)).not.toBeInstanceOf(own);
    const c = gemm({ m: 2, n: 2, k: 2, a: make(1, 2, 3, 4), b: make(1, 0, 0, 1), c: make(0, 0, 0, 0) });
    expect([...c]).toEqual([1, 2, 3, 4]);
    expect([...matmul(tensor(make(1, 2), [1, 2]), tensor(make(3, 4), [2, 1])).data]).toEqual([11]);
    const p = make(1, 2);
    new SGD([p], { learningRate: 1 }).step([make(0.5, 0.5)]);
    expect([...p]).toEqual([0.5, 1.5]);
    const g = make(3, 4);
    expect(clipByGlobalNorm([g], 10)).toBe(5);
    const accumulator = new GradientAccumulator();
    accumulator.add([g]);
    accumulator.add([g]);
    expect([...accumulator.mean()[0]!]).toEqual([3, 4]);
    const ema = new EMA([p], { decay: 0.5 });
    ema.update();
    ema.update();
    expect([...ema.average[0]!]).toEqual([0.5, 1.5]);
  });
});

test("a Uint32Array of another realm receives a permutation", () => {
  const out = foreign<Uint32Array>("new Uint32Array(5)");
  expect([...permutation(1, 1, 5, out)]).toEqual([...permutation(1, 1, 5)]);
});
