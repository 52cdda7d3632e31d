// Initial values of parameters. Every draw is addressed by (seed, stream, index): a parameter's values depend on the seed
// and on its place in the network, on nothing else.
import { wrongValue } from "../core/errors.ts";
import { normal, uniform } from "../core/random.ts";
import type { FloatArray } from "../core/types.ts";

/** Fills `out`, a parameter of `shape`, from one stream of draws. */
export type Initializer = (out: FloatArray, shape: readonly number[], seed: number, stream: number) => void;

/** Inputs and outputs of one unit: of a kernel [in, out]; a vector has its length for both. */
function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const receptive = shape.slice(0, -2).reduce((product, n) => product * n, 1);
  return { fanIn: (shape.at(-2) as number) * receptive, fanOut: (shape.at(-1) as number) * receptive };
}

export const zeros: Initializer = (out) => void out.fill(0);
export const ones: Initializer = (out) => void out.fill(1);
export const constant =
  (value: number): Initializer =>
  (out) =>
    void out.fill(value);

/** Uniform in [minimum, maximum); Keras' default range. */
export const randomUniform =
  (minimum = -0.05, maximum = 0.05): Initializer =>
  (out, _shape, seed, stream) => {
    for (let i = 0; i < out.length; i++) out[i] = minimum + (maximum - minimum) * uniform(seed, stream, i);
  };

export const randomNormal =
  (mean = 0, deviation = 0.05): Initializer =>
  (out, _shape, seed, stream) => {
    for (let i = 0; i < out.length; i++) out[i] = mean + deviation * normal(seed, stream, i);
  };

/** Normal draws beyond two deviations are drawn again (draw i, then i + n, i + 2n, …). */
export const truncatedNormal =
  (mean = 0, deviation = 0.05): Initializer =>
  (out, _shape, seed, stream) => {
    const n = out.length;
    for (let i = 0; i < n; i++) {
      let draw = normal(seed, stream, i);
      for (let again = 1; Math.abs(draw) > 2; again++) draw = normal(seed, stream, i + again * n);
      out[i] = mean + deviation * draw;
    }
  };

/** Deviation of a standard normal cut off at ±2; dividing by it keeps the intended variance, as Keras does. */
const TRUNCATED_DEVIATION = 0.8796256610342398;

type Mode = "fanIn" | "fanAverage";

function scaled(scale: number, mode: Mode, distribution: "normal" | "uniform"): Initializer {
  return (out, shape, seed, stream) => {
    const { fanIn, fanOut } = fans(shape);
    const variance = scale / Math.max(1, mode === "fanIn" ? fanIn : (fanIn + fanOut) / 2);
    if (distribution === "uniform") {
      const limit = Math.sqrt(3 * variance);
      randomUniform(-limit, limit)(out, shape, seed, stream);
    } else {
      truncatedNormal(0, Math.sqrt(variance) / TRUNCATED_DEVIATION)(out, shape, seed, stream);
    }
  };
}

/** Variance 2/in (He et al. 2015, arXiv 1502.01852): for ReLU. */
export const heNormal: Initializer = scaled(2, "fanIn", "normal");
export const heUniform: Initializer = scaled(2, "fanIn", "uniform");
/** Variance 2/(in + out) (Glorot and Bengio 2010): for tanh, sigmoid and softmax; Keras' default. */
export const glorotNormal: Initializer = scaled(1, "fanAverage", "normal");
export const glorotUniform: Initializer = scaled(1, "fanAverage", "uniform");
/** Variance 1/in (LeCun et al. 1998). */
export const lecunNormal: Initializer = scaled(1, "fanIn", "normal");
export const lecunUniform: Initializer = scaled(1, "fanIn", "uniform");

/**
 * Rows or columns (whichever are fewer) orthonormal, times `gain` (Saxe et al. 2013): modified Gram–Schmidt, twice, on
 * normal draws.
 */
export const orthogonal =
  (gain = 1): Initializer =>
  (out, shape, seed, stream) => {
    if (shape.length < 2) throw wrongValue("shape", "at least two dimensions for orthogonal", `[${shape}]`, "ERR_SHAPE");
    const cols = shape.at(-1) as number;
    const rows = cols === 0 ? 0 : out.length / cols;
    const [count, size] = rows < cols ? [rows, cols] : [cols, rows];
    const vectors = Array.from({ length: count }, (_, v) =>
      Float64Array.from({ length: size }, (_, i) => normal(seed, stream, v * size + i)),
    );
    for (let v = 0; v < count; v++) {
      for (let pass = 0; pass < 2; pass++) {
        for (let u = 0; u < v; u++) subtractProjection(vectors[v], vectors[u]);
        divideByNorm(vectors[v]);
      }
    }
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) out[r * cols + c] = gain * (rows < cols ? vectors[r][c] : vectors[c][r]);
    }
  };

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function subtractProjection(a: Float64Array, unit: Float64Array): void {
  const length = dot(a, unit);
  for (let i = 0; i < a.length; i++) a[i] -= length * unit[i];
}

function divideByNorm(a: Float64Array): void {
  const norm = Math.sqrt(dot(a, a));
  for (let i = 0; i < a.length; i++) a[i] /= norm;
}

const NAMED: Readonly<Record<string, Initializer>> = {
  zeros,
  ones,
  randomUniform: randomUniform(),
  randomNormal: randomNormal(),
  truncatedNormal: truncatedNormal(),
  heNormal,
  heUniform,
  glorotNormal,
  glorotUniform,
  lecunNormal,
  lecunUniform,
  orthogonal: orthogonal(),
};

export type InitializerName = keyof typeof NAMED & string;

/** An initialiser by its name (tfjs: "heNormal"; Keras: "he_normal") or itself. */
export function initializerOf(argument: string, given: Initializer | string): Initializer {
  if (typeof given === "function") return given;
  const name = typeof given === "string" ? given.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()) : "";
  if (!Object.hasOwn(NAMED, name)) throw wrongValue(argument, `one of ${Object.keys(NAMED).join(", ")}`, given, "ERR_OPTION");
  return NAMED[name];
}
