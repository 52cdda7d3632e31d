// A loaded vector that several instructions use: x86 compilers fold the load into each of them instead. Where the address is not
// a multiple of a cache line, which is the rule for rows of B, every one of these loads takes two lines: three rows of C read B
// at 22 bytes a cycle then, and at 38 from a register. Included inside an ISA's region.
template <class V>
inline __attribute__((always_inline)) V load_once(V x) {
#if defined(__x86_64__) && defined(__GNUC__)
  __asm__("" : "+v"(x.v));
#endif
  return x;
}
