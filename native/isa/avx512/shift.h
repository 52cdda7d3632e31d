// Bit shifts of float64 patterns, for building and reading exponents. No include guard: included once, inside the region.
inline VecF64 shift_left_52(VecF64 a) { return {_mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(a.v), 52))}; }
inline VecF64 shift_right_52(VecF64 a) { return {_mm512_castsi512_pd(_mm512_srli_epi64(_mm512_castpd_si512(a.v), 52))}; }
