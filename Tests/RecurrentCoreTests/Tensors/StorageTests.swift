import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

@Suite struct StorageTests {
  /// From the second step on, each of them. In a process of its own, since other tests would take
  /// from the same pool.
  @Test func aTrainingStepAllocatesNothingNew() async {
    await #expect(processExitsWith: .success) { StorageTests.trainingSteps() }
  }

  private static func trainingSteps() {
    var generator = RandomGenerator(seed: 1)
    var model = Sequential {
      LSTM(inputSize: 3, hiddenSize: 24, using: &generator)
      GRU(inputSize: 24, hiddenSize: 24, using: &generator)
      LastOutput()
      Dense(inputSize: 24, outputSize: 1, using: &generator)
    }
    var optimizer = Adam()
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(8 * 12 * 3, seed: 2), shape: [8, 12, 3]),
      lengths: [12, 3, 0, 12, 7, 1, 12, 9])
    let targets = Tensor(SeededGenerator.floats(8, seed: 3), shape: [8, 1])
    let new = (0..<20).map { _ in
      let before = StoragePool.shared.allocations
      let (_, gradients) = valueAndGradients(of: model) { meanSquaredError($0(input), targets) }
      optimizer.update(&model, along: gradients.clipped(toNorm: 0.01))
      return StoragePool.shared.allocations - before
    }
    #expect(new[0] > 0 && new[1...].allSatisfy { $0 == 0 }, "\(new)")
  }

  @Test func buffersAreUsedAgain() {
    let pool = StoragePool()
    let (first, room) = pool.take(100_000, lasts: false)
    #expect(room.capacity >= 100_000 && UInt(bitPattern: first) % 64 == 0)
    #expect(pool.allocations == 1)
    pool.give(first, room)
    let (second, _) = pool.take(99_990, lasts: false)
    #expect(second == first && pool.allocations == 1)
    let (third, thirdRoom) = pool.take(100_000, lasts: false)
    #expect(third != second && pool.allocations == 2)
    pool.give(second, room)
    pool.give(third, thirdRoom)
    let pointers = (0..<2).map { _ in pool.take(100_000, lasts: false).0 }
    #expect(Set(pointers) == [second, third] && pool.allocations == 2)
    for pointer in pointers { UnsafeMutableRawPointer(pointer).deallocate() }
  }

  /// What lasts takes nothing that a step will ask for again, and the other way round.
  @Test func lastingBuffersAreApart() {
    let pool = StoragePool()
    let (first, room) = pool.take(100_000, lasts: false)
    pool.give(first, room)
    let (lasting, lastingRoom) = pool.take(100_000, lasts: true)
    #expect(lasting != first && lastingRoom.lasts)
    pool.give(lasting, lastingRoom)
    let (again, _) = pool.take(100_000, lasts: false)
    let (lastingAgain, _) = pool.take(100_000, lasts: true)
    #expect(again == first && lastingAgain == lasting && pool.allocations == 2)
    for pointer in [again, lastingAgain] { UnsafeMutableRawPointer(pointer).deallocate() }
  }

  @Test func copiesAreIndependent() {
    let original = Tensor([1, 2, 3])
    var copy = original
    copy.withUnsafeMutableElements { $0[1] = 9 }
    #expect(original.elements == [1, 2, 3] && copy.elements == [1, 9, 3])
  }
}
