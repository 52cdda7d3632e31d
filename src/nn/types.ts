// What a network looks like from outside.
import type { Dtype, Tensor } from "../core/types.ts";

/** A parameter or running statistic of a network: a live view, `tensor.data` is the memory that training changes. */
export interface NamedTensor {
  /** "dense_1/kernel": the layer's name, a slash, the variable's name as in Keras. Unique within a network. */
  readonly name: string;
  readonly tensor: Tensor;
}

/** One line of summary(). */
export interface LayerInfo {
  readonly name: string;
  /** "Dense", "Dropout", … as Keras prints it. */
  readonly className: string;
  /** Of one sample, without the batch dimension. */
  readonly outputShape: readonly number[];
  readonly parameterCount: number;
}

/**
 * A built network: layers, their parameters, nothing about training. `sequential([...])` and `functional(...)` of src/nn
 * make one; parameters are initialised from `seed` when it is built.
 */
export interface Network {
  readonly dtype: Dtype;
  /** Shape of one input sample. */
  readonly inputShape: readonly number[];
  /** Shape of one output sample. */
  readonly outputShape: readonly number[];
  readonly layers: readonly LayerInfo[];
  /** Trainable, in the order of the layers; kernels are [in, out]. */
  readonly parameters: readonly NamedTensor[];
  /** Not trained but saved: running means and variances. */
  readonly buffers: readonly NamedTensor[];
}
