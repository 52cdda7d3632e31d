// Square blocks of registers, transposed. Included inside the NEON region.

inline __attribute__((always_inline)) void transpose_registers(VecF32 (&x)[4]) {
  const float64x2_t t0 = vreinterpretq_f64_f32(vtrn1q_f32(x[0].v, x[1].v)), t1 = vreinterpretq_f64_f32(vtrn2q_f32(x[0].v, x[1].v));
  const float64x2_t t2 = vreinterpretq_f64_f32(vtrn1q_f32(x[2].v, x[3].v)), t3 = vreinterpretq_f64_f32(vtrn2q_f32(x[2].v, x[3].v));
  x[0] = {vreinterpretq_f32_f64(vtrn1q_f64(t0, t2))};
  x[1] = {vreinterpretq_f32_f64(vtrn1q_f64(t1, t3))};
  x[2] = {vreinterpretq_f32_f64(vtrn2q_f64(t0, t2))};
  x[3] = {vreinterpretq_f32_f64(vtrn2q_f64(t1, t3))};
}

inline __attribute__((always_inline)) void transpose_registers(VecF64 (&x)[2]) {
  const float64x2_t a = x[0].v, b = x[1].v;
  x[0] = {vtrn1q_f64(a, b)};
  x[1] = {vtrn2q_f64(a, b)};
}
