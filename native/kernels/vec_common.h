// What follows from the primitives of vec.h, once for every ISA. No include guard: included once, inside the region.

// a > b ? a : b, so the second operand on NaN or equality (the contract; not the processor's maximum).
template <class V> inline V maximum(V a, V b) { return select(less(b, a), a, b); }
// a < b ? a : b.
template <class V> inline V minimum(V a, V b) { return select(less(a, b), a, b); }
