import Testing

/// The elements of both, side by side, for tests that compare them one by one: `zip` would leave out
/// what one of the two has more, and a loop over nothing passes. An issue tells either.
public func paired<A: Collection, B: Collection>(
  _ first: A, _ second: B, sourceLocation: SourceLocation = #_sourceLocation
) -> [(A.Element, B.Element)] {
  #expect(
    first.count == second.count && !first.isEmpty,
    "\(first.count) and \(second.count) elements to compare", sourceLocation: sourceLocation)
  return Array(zip(first, second))
}
