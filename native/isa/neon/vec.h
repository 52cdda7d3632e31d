// NEON primitives; the names are listed in isa/README.md. No include guard: included once, inside the region.
struct VecF32 {}; 
template <class V> inline V select(bool, V a, V) { return a; }
template <class V> inline bool less(V, V) { return true; }
