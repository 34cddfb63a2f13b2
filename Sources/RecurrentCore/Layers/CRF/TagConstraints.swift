import RecurrentFiles

/// Which tags may begin and end a sequence, and which may follow which.
public struct TagConstraints: Sendable, Codable, Equatable {
  /// Whether tag j may follow tag i: `transitions[i][j]`.
  public let transitions: [[Bool]]
  /// Whether a sequence may begin with the tag.
  public let starts: [Bool]
  /// Whether a sequence may end with the tag.
  public let ends: [Bool]

  /// Constraints for as many tags as each list is long.
  public init(transitions: [[Bool]], starts: [Bool], ends: [Bool]) {
    require(
      transitions.count == starts.count && ends.count == starts.count
        && transitions.allSatisfy { $0.count == starts.count },
      "constraints of \(starts.count) tags have as many rows and columns")
    self.transitions = transitions
    self.starts = starts
    self.ends = ends
  }

  /// The scheme of `B-X`, `I-X`, `O`: an inside tag follows a tag of the same kind X only, and does
  /// not begin a sequence. Other names are free, like `O`.
  public static func bio(_ tags: [String]) -> TagConstraints {
    let inside = tags.map { $0.hasPrefix("I-") }
    let kinds = tags.map { tag -> String? in
      tag.hasPrefix("B-") || tag.hasPrefix("I-") ? String(tag.dropFirst(2)) : nil
    }
    return TagConstraints(
      transitions: tags.indices.map { i in
        tags.indices.map { j in !inside[j] || kinds[i] == kinds[j] }
      }, starts: inside.map { !$0 }, ends: tags.map { _ in true })
  }

  /// The number of tags, C.
  public var tagCount: Int { starts.count }

  /// The first step at which `tags` break the constraints, and what is wrong there.
  func violation(in tags: [Int]) -> (step: Int, problem: String)? {
    guard let first = tags.first, let last = tags.last else { return nil }
    if !starts[first] { return (0, "tag \(first) begins a sequence, which it may not") }
    for (step, (a, b)) in zip(tags, tags.dropFirst()).enumerated() where !transitions[a][b] {
      return (step + 1, "tag \(b) follows tag \(a), which it may not")
    }
    return ends[last]
      ? nil : (tags.count - 1, "tag \(last) ends a sequence, which it may not")
  }
}
