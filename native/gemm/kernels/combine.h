// Sums of 16 lanes at distance 8, 4, 2, 1, one per dot product. This is the plain version; an ISA that combines in
// registers brings its own. Included inside an ISA's region.
template <class V, size_t S, size_t P>
inline void combine_lanes(const V (&acc)[S][P], typename V::Scalar* out) {
  for (size_t s = 0; s < S; ++s) {
    typename V::Scalar lane[P * V::kLanes];
    for (size_t q = 0; q < P; ++q) store(lane + q * V::kLanes, acc[s][q]);
    for (size_t distance = 8; distance != 0; distance /= 2) {
      for (size_t l = 0; l < distance; ++l) lane[l] = lane[l] + lane[l + distance];
    }
    out[s] = lane[0];
  }
}
