// Bit shifts of float64 patterns, for building and reading exponents. No include guard: included once, inside the region.
inline VecF64 shift_left_52(VecF64 a) { return {vreinterpretq_f64_u64(vshlq_n_u64(vreinterpretq_u64_f64(a.v), 52))}; }
inline VecF64 shift_right_52(VecF64 a) { return {vreinterpretq_f64_u64(vshrq_n_u64(vreinterpretq_u64_f64(a.v), 52))}; }
