// Scalar mathematics of every promised number: schedules, powers of β, initialisers, normal draws. JavaScript leaves
// Math.pow, exp, log, sin … to the implementation and they do differ between runtimes; these use + − × ÷ and bit moves only.
// Not for element-wise work on arrays: those polynomials belong to the backends.
export { exp, expm1, tanh } from "./scalar/exp.ts";
export { log, log1p } from "./scalar/log.ts";
export { pow, powInteger } from "./scalar/pow.ts";
export { cos, sin } from "./scalar/trig.ts";
