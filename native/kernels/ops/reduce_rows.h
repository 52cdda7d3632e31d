// The rows of ReduceTable, in its order. No include guard: included once, in each isa/*/reduce.cc.
reduce_blocks<VecF32, IdentityTerm>,
reduce_blocks<VecF64, IdentityTerm>,
reduce_blocks<VecF32, SquareTerm>,
reduce_blocks<VecF64, SquareTerm>,
