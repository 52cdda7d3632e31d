import { allocate } from "../backend/allocate.ts";
import { dtypeOf, intrinsicBuffer, intrinsicByteOffset, intrinsicLength, isDetached } from "../core/checks.ts";
import { fault, wrongKind, wrongValue } from "../core/errors.ts";
import type { FloatArray } from "../core/types.ts";
import { viewOf } from "../core/views.ts";
import { checkGemmNames } from "./names.ts";
import { extent, type GemmOptions } from "./options.ts";
import { backendOf, resolveGemm } from "./resolve.ts";

/** Bytes of a buffer that a pending call will write. */
interface PendingWrite {
  readonly buffer: ArrayBufferLike;
  readonly start: number;
  readonly end: number;
}

const pending = new Set<PendingWrite>();

function claim(c: FloatArray, count: number): PendingWrite {
  const buffer = intrinsicBuffer(c);
  const start = intrinsicByteOffset(c);
  const end = start + count * (dtypeOf(c) === "float32" ? 4 : 8);
  for (const other of pending) {
    if (other.buffer === buffer && other.start < end && start < other.end) {
      throw fault("ERR_BUSY", "gemmAsync: c overlaps the output of a call that is still pending");
    }
  }
  const write = { buffer, start, end };
  pending.add(write);
  return write;
}

/** The first `count` elements in memory that cannot go away while native code runs. */
function copied(array: FloatArray, count: number): FloatArray {
  const copy = allocate(dtypeOf(array), count);
  copy.set(viewOf(array, 0, count));
  return copy;
}

/** Writes the m × n result into c, whose rows are `ldc` apart. */
function deliver(result: FloatArray, c: FloatArray, m: number, n: number, ldc: number, length: number): void {
  if (isDetached(c)) throw wrongKind("c", "an array whose buffer is still attached", c, "ERR_DETACHED");
  if (intrinsicLength(c) !== length) throw wrongValue("c.length", `${length} as at the call`, intrinsicLength(c), "ERR_LENGTH");
  if (ldc === n) c.set(result);
  else for (let i = 0; i < m; i++) c.set(result.subarray(i * n, (i + 1) * n), i * ldc);
}

/**
 * `gemm` off the main thread; resolves to C. Operands from `allocate()` and shared memory are used in place and must not
 * change until then; others are copied before this returns, and such a C is written when the promise settles.
 * Two pending outputs may not overlap (found within one JavaScript thread and one buffer object).
 * @throws nothing; rejects as `gemm` throws, with ERR_BUSY (c overlaps a pending output), and with ERR_DETACHED or
 *   ERR_LENGTH (c was detached or resized meanwhile; nothing is written, except
 *   to memory from `allocate()`, which goes with its transferred buffer).
 */
export async function gemmAsync(options: GemmOptions): Promise<FloatArray> {
  checkGemmNames("gemmAsync", options);
  const call = resolveGemm(options);
  const { m, n, k, a, b, c, lda, ldb, ldc, transA, transB, bias, residual, ldr, beta } = call;
  if (m === 0 || n === 0) return c;
  const backend = backendOf(call);
  const length = intrinsicLength(c);
  const write = claim(c, extent(m, n, ldc));
  try {
    const stable = (array: FloatArray, count: number): FloatArray => (backend.isStable(array) ? array : copied(array, count));
    const inPlace = backend.isStable(c);
    const result = inPlace ? c : allocate(dtypeOf(c), m * n);
    if (!inPlace && beta !== 0) {
      for (let i = 0; i < m; i++) result.set(viewOf(c, i * ldc, i * ldc + n), i * n);
    }
    await backend.gemmAsync({
      ...call,
      a: stable(a, transA ? extent(k, m, lda) : extent(m, k, lda)),
      b: call.packed ? b : stable(b, transB ? extent(n, k, ldb) : extent(k, n, ldb)),
      c: result,
      ldc: inPlace ? ldc : n,
      bias: bias && stable(bias, n),
      residual: residual && stable(residual, extent(m, n, ldr)),
    });
    if (inPlace && isDetached(c)) throw wrongKind("c", "an array whose buffer is still attached", c, "ERR_DETACHED");
    if (!inPlace) deliver(result, c, m, n, ldc, length);
    return c;
  } finally {
    pending.delete(write);
  }
}
