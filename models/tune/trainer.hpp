// SPDX-License-Identifier: Apache-2.0
/// Fine-tuning: the weights of a float graph learn to be what a number system can hold.
///
/// Every step computes the network as the accelerator will, on a batch of inputs: the weights
/// projected into the number system, with the scales of the activations folded in (projection.hpp),
/// the activations rounded to bytes where a layer of the core ends (quantise/lower.hpp). The
/// derivative passes both as though they were not there (straight-through) to the weights that are
/// kept in float, which Adam moves. At the start of an epoch the scales of the activations are
/// found anew, as calibration finds them, over some of the inputs.
///
/// What is learnt: the answers of the float network that tuning began with (distillation), and the
/// labels where there are any. For a list of classes the loss is
///
///     t^2 KL(softmax(float / t), softmax(tuned / t)) + share * cross entropy(labels, tuned)
///
/// for any other output the mean square difference, over the variance of the float network's. A
/// layer's learning rate is in units of the root mean square weight that it had at first, so that
/// one number suits networks whose weights are large or small; it falls to zero along a cosine.
///
/// Guarantees: the same graph, examples, options and seed give the same bits on the same machine,
/// whatever the number of threads, also through `checkpoint` and `restore` between any two steps.
/// Errors: kUnsupported for a network without weights; kFile where the network's values overflow,
/// or a checkpoint is damaged or of another run. Source: Hinton et al., arXiv 1503.02531
/// (distillation); Kingma and Ba, arXiv 1412.6980 (Adam); Bengio et al., arXiv 1308.3432
/// (straight-through). Test: tests/tune/test_trainer.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "tune/projection.hpp"

namespace keyway::tune {

struct Options {
  int64_t epochs = 4;
  int64_t batch = 32;
  double learning_rate = 0.005;
  uint64_t seed = 1;  ///< of the order of the inputs
  int threads = 1;    ///< does not change the result
};

/// `images` inputs in the user's layout, one after the other.
struct Examples {
  const float* inputs = nullptr;
  int64_t images = 0;
  int64_t classes = 0;          ///< of an output that is a list of classes; 0: any other output
  std::vector<int64_t> labels;  ///< the class of each input; empty: not known
};

struct Score {
  double loss = 0;
  /// Share of the inputs whose largest output is that of the label, or without labels the float
  /// network's; nothing where the output is no list of classes.
  std::optional<double> accuracy;
};

class Trainer {
 public:
  /// The examples must outlive this. The float network runs over all of them.
  Trainer(const graph::Graph& graph, Projection projection, Examples examples,
          const Options& options);
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  int64_t batches() const;  ///< of an epoch
  int64_t epoch() const;    ///< the one that the next step belongs to
  int64_t batch() const;    ///< the next one of this epoch
  bool finished() const;    ///< all epochs are done
  void step();              ///< one batch

  Score float_score() const;  ///< of the network that tuning began with, in float
  Score score() const;        ///< of the network as it is, its weights projected
  /// Of the epochs that are done: means over their batches, each before its step.
  const std::vector<Score>& epoch_scores() const;

  /// The network as it is, its weights projected.
  graph::Graph tuned() const;

  /// Everything that the next steps depend on, and back into a trainer of the same arguments.
  std::string checkpoint() const;
  void restore(const std::string& checkpoint);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace keyway::tune
