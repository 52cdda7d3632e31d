// βᵗ for the coefficients of every step: powInteger's bits, from remembered squares.

const ENTRIES = 8;
const BITS = 31;
const bases = new Float64Array(ENTRIES).fill(Number.NaN);
const squares = new Float64Array(ENTRIES * BITS);
let next = 0;

function remember(x: number): number {
  const entry = next;
  next = (next + 1) % ENTRIES;
  bases[entry] = x;
  let square = x;
  for (let k = 0; k < BITS; k++) {
    squares[entry * BITS + k] = square;
    square *= square;
  }
  return entry;
}

/**
 * xⁿ for an integer n ≥ 0: the products of powInteger in its order, lowest bit first, so the same bits. Powers above 2³¹
 * go on squaring.
 */
export function power(x: number, n: number): number {
  let entry = 0;
  while (entry < ENTRIES && bases[entry] !== x) entry++;
  if (entry === ENTRIES) entry = remember(x);
  const first = entry * BITS;
  if (n <= 0x7fffffff) return lowPower(first, n);
  // Remainders of doubles are slow, but nobody gets here before step 2³¹.
  const low = n % 2147483648;
  let result = lowPower(first, low);
  let square = squares[first + BITS - 1]!;
  for (let rest = (n - low) / 2147483648; rest > 0; rest = Math.floor(rest / 2)) {
    square *= square;
    if (rest % 2 === 1) result *= square;
  }
  return result;
}

function lowPower(first: number, n: number): number {
  let result = 1;
  for (let bits = n | 0; bits !== 0; bits &= bits - 1) result *= squares[first + 31 - Math.clz32(bits & -bits)]!;
  return result;
}
