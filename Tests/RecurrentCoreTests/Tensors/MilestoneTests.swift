import Foundation
import Synchronization
import Testing

@testable import RecurrentCore

@Suite struct MilestoneTests {
  /// Who advances may be held up between its two halves. Who waits may see the first, do what it
  /// waited for, and wait again: then the second half comes and is no reason to wake.
  @Test(.timeLimit(.minutes(1))) func anAlarmThatComesLateWakesNobody() async throws {
    let milestone = Milestone()
    let seen = Atomic(0)
    let waiter = Thread {
      milestone.wait(for: 1)
      seen.store(1, ordering: .sequentiallyConsistent)
      milestone.wait(for: 2)
      seen.store(2, ordering: .sequentiallyConsistent)
    }
    milestone.reach()
    waiter.start()
    while seen.load(ordering: .sequentiallyConsistent) < 1 { await Task.yield() }
    // Long enough that it sleeps.
    try await Task.sleep(for: .milliseconds(300))
    milestone.wake()
    try await Task.sleep(for: .milliseconds(300))
    #expect(seen.load(ordering: .sequentiallyConsistent) == 1)
    milestone.advance()
    while seen.load(ordering: .sequentiallyConsistent) < 2 { await Task.yield() }
  }
}
