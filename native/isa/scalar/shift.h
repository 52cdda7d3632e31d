// Bit shifts of float64 patterns, for building and reading exponents. No include guard: included once, inside the region.
inline VecF64 shift_left_52(VecF64 a) { return {from_bits(bits_of(a.v) << 52)}; }
inline VecF64 shift_right_52(VecF64 a) { return {from_bits(bits_of(a.v) >> 52)}; }
