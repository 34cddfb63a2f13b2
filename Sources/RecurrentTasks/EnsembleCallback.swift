import Recurrent

/// Hears of each step and epoch of each network of several, whose number, from 1, comes first, and
/// may stop its training.
public typealias EnsembleCallback =
  (_ member: Int, TrainingEvent, any TrainingState) -> TrainingDecision
