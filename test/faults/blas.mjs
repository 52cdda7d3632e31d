// cblas_sgemm of the library at BLAS, in a process of its own: its n-th call (memory or thread) fails. A BLAS has no way to
// report that: the result must be right all the same. Prints how many failures there were. Arguments: kind, size, n.
import { createRequire } from "node:module";

const injector = createRequire(import.meta.url)(process.env.INJECTOR);
const [kind, size, n] = process.argv.slice(2);
const length = Number(size) ** 2;
const a = Float32Array.from({ length }, (_, i) => ((i * 7) % 13) - 6);
const b = Float32Array.from({ length }, (_, i) => ((i * 5) % 11) - 5);
const c = new Float32Array(length).fill(Number.NaN);

injector.arm("libdownhill_blas", kind, Number(n));
injector.call(process.env.BLAS, a, b, c);
const calls = injector.disarm();
// Small whole numbers: float32 has every sum exactly.
let wrong = 0;
for (let i = 0; i < length; i++) {
  const [row, column] = [Math.floor(i / size), i % size];
  let sum = 0;
  for (let k = 0; k < size; k++) sum += a[row * size + k] * b[k * size + column];
  if (c[i] !== sum) wrong++;
}
console.log(JSON.stringify({ calls, wrong }));
