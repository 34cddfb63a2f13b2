extension SequenceBatch {
  /// For each row the places b·T + t of its valid steps among all steps, in the order of time.
  ///
  /// The one place where layers that need to know which steps belong to which row learn it.
  var placesByRow: [[Int]] {
    lengths.indices.map { b in (b * time..<b * time + lengths[b]).map(\.self) }
  }
}
