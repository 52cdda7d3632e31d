// exp, log, tanh, erf and what follows from them, over VecF64 in + - * / only (no FMA), so that plain TypeScript computes
// the same bits (src/backend/reference/ops/math.ts, line for line). float32 kernels widen, evaluate here and round once:
// one algorithm for both types, within 0.51 ulp in float32 and 2 ulp (erf 4) in float64.
// Results below 2^-1022 are zero, so that the subnormal mode of the caller never shows.
// No include guard: included once, inside the region.

inline VecF64 k64(double x) { return broadcast<VecF64>(x); }

// 2^k for integral k in [-1022, 1023]: the low bits of 2^52 + (k + 1023) are the biased exponent.
inline VecF64 exp2_integral(VecF64 k) { return shift_left_52(add(k, k64(4503599627370496.0 + 1023.0))); }

// fdlibm's kernel of exp on |r| <= ln(2)/2: r·c/(2 - c), so that exp(r) = 1 + (r + r·c/(2 - c)).
inline VecF64 exp_correction(VecF64 r) {
  const VecF64 t = mul(r, r);
  VecF64 p = k64(4.13813679705723846039e-08);
  p = add(k64(-1.65339022054652515390e-06), mul(t, p));
  p = add(k64(6.61375632143793436117e-05), mul(t, p));
  p = add(k64(-2.77777777770155933842e-03), mul(t, p));
  p = add(k64(1.66666666666666019037e-01), mul(t, p));
  const VecF64 c = sub(r, mul(t, p));
  return div(mul(r, c), sub(k64(2.0), c));
}

inline VecF64 exp64(VecF64 x) {
  const VecF64 clamped = minimum(k64(710.0), maximum(k64(-709.0), x));
  const VecF64 k = round_even(mul(clamped, k64(1.44269504088896338700)));
  const VecF64 high = sub(clamped, mul(k, k64(6.93147180369123816490e-01)));
  const VecF64 low = mul(k, k64(1.90821492927058770002e-10));
  const VecF64 r = sub(high, low);
  const VecF64 t = mul(r, r);
  VecF64 p = k64(4.13813679705723846039e-08);
  p = add(k64(-1.65339022054652515390e-06), mul(t, p));
  p = add(k64(6.61375632143793436117e-05), mul(t, p));
  p = add(k64(-2.77777777770155933842e-03), mul(t, p));
  p = add(k64(1.66666666666666019037e-01), mul(t, p));
  const VecF64 c = sub(r, mul(t, p));
  const VecF64 y = sub(k64(1.0), sub(sub(low, div(mul(r, c), sub(k64(2.0), c))), high));
  // 2^k in two factors, because k reaches 1024.
  const VecF64 half = round_even(mul(k, k64(0.5)));
  const VecF64 scaled = mul(mul(y, exp2_integral(half)), exp2_integral(sub(k, half)));
  const VecF64 upper = select(less(k64(709.782712893384), x), k64(__builtin_inf()), scaled);
  return select(less(x, k64(-708.3964185322641)), k64(0.0), upper);
}

// exp(x) - 1 without cancellation: the kernel itself where no scaling is needed.
inline VecF64 expm1_64(VecF64 x) {
  const VecF64 clamped = minimum(k64(0.35), maximum(k64(-0.35), x));
  const VecF64 near = add(x, exp_correction(clamped));
  return select(less(abs(x), k64(0.34)), near, sub(exp64(x), k64(1.0)));
}

// fdlibm's log: x = 2^k·(1 + f) with sqrt(2)/2 < 1 + f < sqrt(2). log(0) = -Inf, log(x < 0) = NaN.
inline VecF64 log64(VecF64 x) {
  const auto tiny = less(x, k64(2.2250738585072014e-308));
  const VecF64 a = select(tiny, mul(x, k64(18014398509481984.0)), x);
  const VecF64 biased = sub(bits_or(shift_right_52(a), k64(4503599627370496.0)), k64(4503599627370496.0));
  const VecF64 mantissa_bits = bits_xor(shift_left_52(shift_right_52(a)), a);
  VecF64 m = bits_or(mantissa_bits, k64(1.0));
  const auto large = less(k64(1.4142135623730951), m);
  m = select(large, mul(m, k64(0.5)), m);
  VecF64 k = sub(biased, select(tiny, k64(1077.0), k64(1023.0)));
  k = select(large, add(k, k64(1.0)), k);
  const VecF64 f = sub(m, k64(1.0));
  const VecF64 s = div(f, add(k64(2.0), f));
  const VecF64 z = mul(s, s);
  VecF64 r = k64(1.479819860511658591e-01);
  r = add(k64(1.531383769920937332e-01), mul(z, r));
  r = add(k64(1.818357216161805012e-01), mul(z, r));
  r = add(k64(2.222219843214978396e-01), mul(z, r));
  r = add(k64(2.857142874366239149e-01), mul(z, r));
  r = add(k64(3.999999999940941908e-01), mul(z, r));
  r = add(k64(6.666666666666735130e-01), mul(z, r));
  r = mul(z, r);
  const VecF64 half_square = mul(mul(k64(0.5), f), f);
  const VecF64 inner = add(mul(s, add(half_square, r)), mul(k, k64(1.90821492927058770002e-10)));
  VecF64 y = sub(mul(k, k64(6.93147180369123816490e-01)), sub(sub(half_square, inner), f));
  y = select(less(x, k64(__builtin_inf())), y, x);  // +Inf and NaN come back as they are
  y = select(less(x, k64(0.0)), k64(__builtin_nan("")), y);
  return select(equal(x, k64(0.0)), k64(-__builtin_inf()), y);
}

// log(1 + u) for u >= 0 (Kahan): the rounding of 1 + u is divided out.
inline VecF64 log1p_64(VecF64 u) {
  const VecF64 w = add(k64(1.0), u);
  const VecF64 d = sub(w, k64(1.0));
  const auto vanishes = equal(d, k64(0.0));
  const VecF64 quotient = div(u, select(vanishes, k64(1.0), d));
  return select(vanishes, u, mul(log64(w), quotient));
}

inline VecF64 sigmoid64(VecF64 x) { return div(k64(1.0), add(k64(1.0), exp64(neg(x)))); }

// Cephes: a rational function below 0.625, else 1 - 2/(exp(2|x|) + 1) with the sign of x.
inline VecF64 tanh64(VecF64 x) {
  const VecF64 a = abs(x);
  const VecF64 c = minimum(k64(0.625), a);
  const VecF64 z = mul(c, c);
  VecF64 p = k64(-9.64399179425052238628e-1);
  p = add(mul(p, z), k64(-9.92877231001918586564e1));
  p = add(mul(p, z), k64(-1.61468768441708447952e3));
  VecF64 q = add(z, k64(1.12811678491632931402e2));
  q = add(mul(q, z), k64(2.23548839060100448583e3));
  q = add(mul(q, z), k64(4.84406305325125486048e3));
  const VecF64 near = add(a, mul(a, div(mul(z, p), q)));
  const VecF64 far = sub(k64(1.0), div(k64(2.0), add(exp64(mul(k64(2.0), a)), k64(1.0))));
  const VecF64 magnitude = select(less(a, k64(0.625)), near, far);
  return select(less(x, k64(0.0)), neg(magnitude), select(equal(x, k64(0.0)), x, magnitude));
}

// Cephes: x·T(x²)/U(x²) below 1, else 1 - exp(-x²)·P(|x|)/Q(|x|), which is 1 from 6.5 on.
inline VecF64 erf64(VecF64 x) {
  const VecF64 a = abs(x);
  const VecF64 c = minimum(k64(1.0), a);
  const VecF64 z = mul(c, c);
  VecF64 t = k64(9.60497373987051638749e0);
  t = add(mul(t, z), k64(9.00260197203842689217e1));
  t = add(mul(t, z), k64(2.23200534594684319226e3));
  t = add(mul(t, z), k64(7.00332514112805075473e3));
  t = add(mul(t, z), k64(5.55923013010394962768e4));
  VecF64 u = add(z, k64(3.35617141647503099647e1));
  u = add(mul(u, z), k64(5.21357949780152679795e2));
  u = add(mul(u, z), k64(4.59432382970980127987e3));
  u = add(mul(u, z), k64(2.26290000613890934246e4));
  u = add(mul(u, z), k64(4.92673942608635921086e4));
  const VecF64 near = mul(a, div(t, u));
  const VecF64 b = minimum(k64(6.5), a);
  VecF64 p = k64(2.46196981473530512524e-10);
  p = add(mul(p, b), k64(5.64189564831068821977e-1));
  p = add(mul(p, b), k64(7.46321056442269912687e0));
  p = add(mul(p, b), k64(4.86371970985681366614e1));
  p = add(mul(p, b), k64(1.96520832956077098242e2));
  p = add(mul(p, b), k64(5.26445194995477358631e2));
  p = add(mul(p, b), k64(9.34528527171957607540e2));
  p = add(mul(p, b), k64(1.02755188689515710272e3));
  p = add(mul(p, b), k64(5.57535335369399327526e2));
  VecF64 q = add(b, k64(1.32281951154744992508e1));
  q = add(mul(q, b), k64(8.67072140885989742329e1));
  q = add(mul(q, b), k64(3.54937778887819891062e2));
  q = add(mul(q, b), k64(9.75708501743205489753e2));
  q = add(mul(q, b), k64(1.82390916687909736289e3));
  q = add(mul(q, b), k64(2.24633760818710981792e3));
  q = add(mul(q, b), k64(1.65666309194161350182e3));
  q = add(mul(q, b), k64(5.57535340817727675546e2));
  const VecF64 far = sub(k64(1.0), div(mul(exp64(neg(mul(b, b))), p), q));
  const VecF64 magnitude = select(less(a, k64(1.0)), near, far);
  const VecF64 signed_value = select(less(x, k64(0.0)), neg(magnitude), magnitude);
  return select(equal(x, x), signed_value, x);
}

// Applies a function of VecF64 to any vector: float32 lanes are widened and the result is rounded once.
template <class F>
inline VecF64 widened(F f, VecF64 x) {
  return f(x);
}
template <class F>
inline VecF64 widened(F f, VecF64 x, VecF64 y) {
  return f(x, y);
}
#if DOWNHILL_ISA_SCALAR
template <class F>
inline VecF32 widened(F f, VecF32 x) {
  return narrow(f(widen_low(x)), k64(0.0));
}
template <class F>
inline VecF32 widened(F f, VecF32 x, VecF32 y) {
  return narrow(f(widen_low(x), widen_low(y)), k64(0.0));
}
#else
template <class F>
inline VecF32 widened(F f, VecF32 x) {
  return narrow(f(widen_low(x)), f(widen_high(x)));
}
template <class F>
inline VecF32 widened(F f, VecF32 x, VecF32 y) {
  return narrow(f(widen_low(x), widen_low(y)), f(widen_high(x), widen_high(y)));
}
#endif
