// What the compiler must not see through. Included inside an ISA's region.

// A loaded vector that several instructions use: x86 compilers fold the load into each of them instead. Where the address is not
// a multiple of a cache line, which is the rule for rows of B, every one of these loads takes two lines: three rows of C read B
// at 22 bytes a cycle then, and at 38 from a register.
template <class V>
inline __attribute__((always_inline)) V load_once(V x) {
#if defined(__x86_64__) && defined(__GNUC__)
  __asm__("" : "+v"(x.v));
#endif
  return x;
}

// The same pointer, to a compiler that would else compute the addresses of all rows beforehand and spill them: a tile of 12 x 32
// took 20 cycles beyond its multiply-adds, now 3.
template <class P>
inline __attribute__((always_inline)) P* unknown(P* p) {
#if defined(__GNUC__)
  __asm__("" : "+r"(p));
#endif
  return p;
}
