import Synchronization

/// Bytes of bodies that the server holds at once, of all requests together.
final class BodyBudget: Sendable {
  private let limit: Int
  private let held = Atomic(0)

  init(_ limit: Int) { self.limit = limit }

  /// What one request holds; it is given back with the last reference.
  final class Share: Sendable {
    private let budget: BodyBudget
    private let taken = Atomic(0)

    init(_ budget: BodyBudget) { self.budget = budget }

    /// Takes so many bytes more, if there are any.
    func take(_ count: Int) -> Bool {
      taken.add(count, ordering: .relaxed)
      return budget.held.add(count, ordering: .relaxed).newValue <= budget.limit
    }

    deinit { budget.held.subtract(taken.load(ordering: .relaxed), ordering: .relaxed) }
  }
}
