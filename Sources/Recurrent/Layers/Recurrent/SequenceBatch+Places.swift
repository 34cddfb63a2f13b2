extension SequenceBatch {
  /// For each row the places b·T + t of its valid steps among all steps, in the order in which they run.
  ///
  /// The one place where layers that need to know which steps belong to which row learn it.
  var placesByRow: [[Int]] {
    lengths.indices.map { b in validPositions(row: b).map { b * time + $0 } }
  }
}
