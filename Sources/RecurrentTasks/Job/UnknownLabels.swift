import Recurrent

/// What of data has a label that training does not have: evaluation can say nothing of it but how much
/// it is.
public struct UnknownLabels: Sendable, Codable, Equatable, CustomStringConvertible {
  /// The number of examples with a label that training does not have.
  public let count: Int
  /// The number of different labels that training does not have.
  public let labelCount: Int
  /// The first of these, by name.
  public let labels: [String]
  let unit: String

  /// Nil if all labels are known.
  init?(_ labels: some Sequence<String>, known: some Sequence<String>, unit: String) {
    let known = Set(known)
    var (found, count) = (Set<String>(), 0)
    for label in labels where !known.contains(label) {
      count += 1
      found.insert(label)
    }
    guard count > 0 else { return nil }
    self.count = count
    labelCount = found.count
    self.labels = Array(found.sorted().prefix(5))
    self.unit = unit
  }

  /// Throws if nothing is left.
  func check(_ total: Int, _ known: [String], source: String) throws(DataError) {
    guard count == total else { return }
    throw DataError(
      file: source,
      problem: "found the label \(labels.first?.shown ?? ""), and none that training has",
      advice: "The labels are " + known.prefix(20).map(\.shown).joined(separator: ", "))
  }

  /// How many were left out, and of which labels.
  public var description: String {
    "\(NumberFormat.grouped(count)) \(unit) have a label that training does not have and are left "
      + "out: " + labels.map(\.shown).joined(separator: ", ")
      + (labelCount > labels.count ? " and \(labelCount - labels.count) more" : "")
  }
}
