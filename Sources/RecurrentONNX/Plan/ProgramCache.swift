import RecurrentCore
import Synchronization

/// The programs of a model, by the shapes of its inputs.
///
/// With shapes that come for the first time the graph runs node by node, and the forms of its values are kept; when they
/// come again, a program is made. Whoever gives other shapes each time pays for none.
final class ProgramCache: Sendable {
  private enum Entry {
    case forms([Int: ValueForm])
    case program(Program)
    /// The graph cannot be one.
    case none
  }

  /// Shapes of inputs that are kept.
  private static let limit = 8
  /// The last used first.
  private let entries = Mutex<[(shapes: [[Int]], entry: Entry)]>([])

  /// The program for such inputs; `make` makes one of the forms that values had.
  func program(
    for inputs: [OnnxTensor], make: ([Int: ValueForm]) -> Program?
  ) -> Program? {
    let found = entries.withLock { entries -> Entry? in
      let index = entries.firstIndex { entry in
        entry.shapes.count == inputs.count
          && zip(entry.shapes, inputs).allSatisfy { $0 == $1.shape }
      }
      guard let index else { return nil }
      if index > 0 { entries.insert(entries.remove(at: index), at: 0) }
      return entries[0].entry
    }
    switch found {
    case .program(let program): return program
    case .forms(let forms):
      let program = make(forms)
      put(program.map { .program($0) } ?? .none, of: inputs)
      return program
    case .none?, nil: return nil
    }
  }

  /// Remembers what values were, if such inputs came for the first time.
  func keep(_ forms: [Int: ValueForm], of inputs: [OnnxTensor]) { put(.forms(forms), of: inputs) }

  private func put(_ entry: Entry, of inputs: [OnnxTensor]) {
    let shapes = inputs.map(\.shape)
    entries.withLock { entries in
      if let index = entries.firstIndex(where: { $0.shapes == shapes }) {
        if case .forms = entries[index].entry { entries[index].entry = entry }
        return
      }
      if entries.count == Self.limit { entries.removeLast() }
      entries.insert((shapes, entry), at: 0)
    }
  }
}
