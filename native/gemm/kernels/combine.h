// Sums of lanes at distance 8, 4, 2, 1 where a register has one lane: nothing is left to add. An ISA with more lanes brings
// its own (isa/*/combine.h): lane i of the result is the sum of the lanes of x[i]. Included inside an ISA's region.
template <class V>
inline V combine_lanes(const V (&x)[1]) noexcept {
  static_assert(V::kLanes == 1);
  return x[0];
}
