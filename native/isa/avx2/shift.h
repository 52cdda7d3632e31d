// Bit shifts of float64 patterns, for building and reading exponents. No include guard: included once, inside the region.
inline VecF64 shift_left_52(VecF64 a) { return {_mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(a.v), 52))}; }
inline VecF64 shift_right_52(VecF64 a) { return {_mm256_castsi256_pd(_mm256_srli_epi64(_mm256_castpd_si256(a.v), 52))}; }
