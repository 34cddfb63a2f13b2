extension String {
  /// The text as an error message shows it: in quotes, control characters escaped, 40 characters
  /// at most.
  package var shown: String {
    var text = ""
    var length = 0
    for scalar in unicodeScalars {
      if length == 40 {
        text += "…"
        break
      }
      text +=
        scalar.value < 0x20 || scalar.value == 0x7F ? scalar.escaped(asASCII: true) : "\(scalar)"
      length += 1
    }
    return "\"\(text)\""
  }

  /// The name in `names` that was probably meant: equal but for case and surrounding spaces, or
  /// one or two letters away.
  package func nearest(in names: [String]) -> String? {
    let wanted = lowercased().split(separator: " ").joined(separator: " ")
    guard !wanted.isEmpty, wanted.utf8.count <= 200 else { return nil }
    let limit = wanted.count <= 4 ? 1 : 2
    var best: (name: String, distance: Int)?
    for name in names where name.utf8.count <= 200 {
      let candidate = name.lowercased().split(separator: " ").joined(separator: " ")
      // A table may have many thousands of columns; few are of a length that can be near.
      guard abs(candidate.count - wanted.count) <= limit else { continue }
      let distance = wanted.editDistance(to: candidate)
      if distance <= limit, distance < (best?.distance ?? .max) { best = (name, distance) }
    }
    return best?.name
  }

  /// Insertions, deletions and substitutions that lead from this text to `other`.
  private func editDistance(to other: String) -> Int {
    let a = Array(self)
    let b = Array(other)
    var previous = Array(0...b.count)
    for i in a.indices {
      var current = [i + 1]
      current.reserveCapacity(b.count + 1)
      for j in b.indices {
        let substitution = previous[j] + (a[i] == b[j] ? 0 : 1)
        current.append(Swift.min(substitution, previous[j + 1] + 1, current[j] + 1))
      }
      previous = current
    }
    return previous[b.count]
  }
}
