// The kernels of one element type, collected for the table. Included inside an ISA's region, last.
template <class V, size_t NV, size_t MR>
constexpr void add_tiles(KernelSet<typename V::Scalar>& set) {
  set.tile[NV][MR] = TileKernel<V, MR, NV>::run;
  if constexpr (NV == kWidest) set.ahead_tile[MR] = TileKernel<V, MR, NV>::run_ahead;
  if constexpr (MR > 1) add_tiles<V, NV, MR - 1>(set);
}

template <class V, size_t NV, size_t MR>
constexpr void add_turning(KernelSet<typename V::Scalar>& set) {
  if constexpr (MR >= kMinTurning) {
    set.turning[NV][MR] = TurningKernel<V, MR, NV>::run;
    add_turning<V, NV, MR - 1>(set);
  } else if constexpr (NV > 1) {
    set.turning_rows[NV - 1] = kTurningRows[NV - 1];
    add_turning<V, NV - 1, kTurningRows[NV - 1]>(set);
  }
}

template <class V, size_t NV>
constexpr void add_widths(KernelSet<typename V::Scalar>& set) {
  if constexpr (kTileRows[NV] > 0) {
    set.max_rows[NV] = kTileRows[NV];
    add_tiles<V, NV, kTileRows[NV]>(set);
  }
  if constexpr (NV > 1) add_widths<V, NV - 1>(set);
}

template <class V, size_t K, size_t NV>
constexpr void add_shallow(KernelSet<typename V::Scalar>& set) {
  if constexpr (NV > 0) {
    set.shallow[K][NV] = ShallowKernel<V, K, NV>::run;
    add_shallow<V, K, NV - 1>(set);
  }
}

template <class V, size_t K>
constexpr void add_depths(KernelSet<typename V::Scalar>& set) {
  if constexpr (K <= kMaxShallowVector && shallow_vectors(K) > 0) {
    if (shallow_vectors(K) > 1) set.most_shallow[0] = K;
    set.most_shallow[1] = K;
    set.shallow_vectors[K] = shallow_vectors(K);
    add_shallow<V, K, shallow_vectors(K)>(set);
    add_depths<V, K + 1>(set);
  }
}

// Eight chains and more hide the latency of an addition; where groups are transposed, two blocks do.
template <class V, size_t N>
constexpr void add_edges(KernelSet<typename V::Scalar>& set) {
  if constexpr (N > 0) {
    set.edge[0][N] = EdgeKernel<V, N, N <= 4 ? 2 : 1, false>::run;
    set.edge[1][N] = EdgeKernel<V, N, N <= 3 ? (N == 3 ? 3 : 8 / N) : 2, true>::run;
    add_edges<V, N - 1>(set);
  }
}

template <class V, size_t MR>
constexpr void add_few(KernelSet<typename V::Scalar>& set) {
  if constexpr (kFewVectors[MR] > 0) set.few[MR] = FewKernel<V, MR>::run;
  if constexpr (MR > 1) add_few<V, MR - 1>(set);
}

template <class V, size_t R, size_t P>
constexpr void add_pairs(KernelSet<typename V::Scalar>& set) {
  if constexpr (R > 0) {
    set.pairs[R][P] = PairsKernel<V, R, P>::run;
    add_pairs<V, (P > 1 ? R : R - 1), (P > 1 ? P - 1 : kMaxPairs)>(set);
  }
}

// Vectors of the widest tile that has as many accumulators as the one for many rows (AVX2: 6 x 2, 4 x 3, 3 x 4).
constexpr size_t widest_full() {
  size_t vectors = kWidest;
  while (vectors < kMaxVectors && (vectors + 1) * kTileRows[vectors + 1] == kWidest * kTileRows[kWidest]) ++vectors;
  return vectors;
}

template <class V>
constexpr KernelSet<typename V::Scalar> kernel_set() {
  KernelSet<typename V::Scalar> set{};
  set.lanes = V::kLanes;
  set.widest = kWidest;
  set.widest_full = widest_full();
  add_widths<V, kMaxVectors>(set);
  add_few<V, kMaxFewRows>(set);
  set.turning_rows[kMaxTurning] = kTurningRows[kMaxTurning];
  add_turning<V, kMaxTurning, kTurningRows[kMaxTurning]>(set);
  if constexpr (kHasPairs && sizeof(typename V::Scalar) == 4) add_pairs<V, kMaxEights, kMaxPairs>(set);
  set.finish = FinishKernel<V>::rows;
  set.finish_transposed = FinishKernel<V>::transposed;
  set.dot = DotKernel<V>::run;
  if constexpr (kMostTurned > 0) {
    set.dot_turned = DotTurnedKernel<V>::run;
    set.most_turned = DotTurnedKernel<V>::kMost;
  }
  set.dot_columns = DotColumnsKernel<V>::run;
  set.dot_columns_share = DotColumnsKernel<V>::kShare;
  set.widest_edge = kHasEdges ? V::kLanes / 2 : 0;
  add_edges<V, kHasEdges ? V::kLanes / 2 : 0>(set);
  add_depths<V, 1>(set);
  set.copy = PackKernel<V>::copy;
  set.panels = PackKernel<V>::panels;
  set.transpose = PackKernel<V>::transpose;
  set.plain = PlainKernel<V>::template run<false>;
  set.plain_dot = PlainKernel<V>::template run<true>;
  return set;
}
