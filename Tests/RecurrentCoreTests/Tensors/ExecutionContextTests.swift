import Foundation
import Recurrent
import Synchronization
import TestSupport
import Testing

@testable import RecurrentCore

@Suite struct ExecutionContextTests {
  @Test func insideAndOutside() {
    let (outer, inner) = (ExecutionContext(threads: 2), ExecutionContext(threads: 3))
    #expect(ExecutionContext.current === ExecutionContext.standard)
    outer.run {
      #expect(ExecutionContext.current === outer)
      inner.run { #expect(ExecutionContext.current === inner) }
      #expect(ExecutionContext.current === outer)
      struct Failure: Error {}
      #expect(throws: Failure.self) {
        try inner.run { () throws(Failure) in throw Failure() }
      }
      #expect(ExecutionContext.current === outer && Parallelism.threads == 2)
    }
    #expect(ExecutionContext.current === ExecutionContext.standard)
  }

  /// Parts run in the context of their caller, on at most its threads, however they are nested.
  @Test func threadsOfACaller() {
    let context = ExecutionContext(threads: 3, thresholds: .none)
    let seen = Mutex<Set<UInt64>>([])
    let count = Atomic(0)
    context.run {
      for _ in 0..<20 {
        Parallelism.run(parts: 7) { _ in
          Parallelism.run(parts: 2) { _ in
            #expect(ExecutionContext.current === context)
            count.add(1, ordering: .relaxed)
            seen.withLock { _ = $0.insert(Self.threadNumber) }
          }
        }
      }
    }
    #expect(count.load(ordering: .relaxed) == 20 * 7 * 2)
    #expect((2...3).contains(seen.withLock { $0.count }))
  }

  /// Parts that wait for each other are on different threads; where threads are missing, all is one
  /// part.
  @Test func partsTogether() {
    let context = ExecutionContext(threads: 2)
    context.run {
      Parallelism.runTogether(parts: 2) { _, parts in
        #expect(parts == 2)
        Parallelism.runTogether(parts: 2) { part, parts in #expect((part, parts) == (0, 1)) }
      }
      Parallelism.runTogether(parts: 3) { part, parts in #expect((part, parts) == (0, 1)) }
    }
  }

  private static var threadNumber: UInt64 {
    UInt64(UInt(bitPattern: Unmanaged.passUnretained(Thread.current).toOpaque()))
  }

  /// Buffers are of the context in which they were made, and its limit is kept where nothing more is
  /// in use.
  @Test func buffersOfAContext() {
    let (small, large) = (ExecutionContext(memoryLimit: 400_000), ExecutionContext())
    for context in [small, large] {
      context.run {
        for size in [10_000, 20_000, 40_000, 80_000] { _ = Storage(count: size) }
        for size in [10_000, 20_000, 40_000] { _ = Storage(count: size) }
      }
    }
    #expect(large.buffers.allocations == 4)
    #expect(small.buffers.allocations > 4 && small.buffers.peak <= 100_000)
    let kept = small.run { Tensor(repeating: 1, shape: [100, 100]) }
    large.run { #expect((kept + kept).sum().value == 20_000) }
    large.releaseBuffers()
    _ = large.run { Storage(count: 80_000) }
    #expect(large.buffers.allocations == 5)
  }

  /// Threads and buffers go with the context, also where tensors outlive it.
  @Test func ends() throws {
    var context: ExecutionContext? = ExecutionContext(threads: 2, thresholds: .none)
    weak let observed = context
    weak let workers = context?.workers
    weak let buffers = context?.buffers
    var kept: Tensor? = context?.run {
      let a = Tensor(repeating: 1, shape: [64, 64])
      return a.matrixProduct(a)
    }
    context = nil
    #expect(observed == nil && workers == nil && buffers != nil)
    #expect(try #require(kept).sum().value == 64 * 64 * 64)
    kept = nil
    #expect(buffers == nil)
  }

  /// While one thread records, another one's predictions keep their fast paths; threads that work for
  /// a recording call know of it.
  @Test func recordingIsOfACall() async {
    let context = ExecutionContext(threads: 2)
    let weights = Embedding(weights: Tensor(repeating: 1, shape: [2, 2]))
    let (recording, looked) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let other = Mutex<Bool?>(nil)
    Thread.detachNewThread {
      recording.wait()
      other.withLock { $0 = Tape.isRecordingHere }
      looked.signal()
    }
    _ = valueAndGradients(of: weights) { model in
      #expect(Tape.isRecordingHere)
      context.run {
        Parallelism.runTogether(parts: 2) { _, parts in
          #expect(parts == 2 && Tape.isRecordingHere)
        }
      }
      recording.signal()
      looked.wait()
      return model(TokenBatch([[0, 1]])).values.sum()
    }
    #expect(!Tape.isRecordingHere)
    #expect(other.withLock { $0 } == false)
  }

  /// A training on two threads and predictions on one and three, at the same time in one process:
  /// the bits of each alone.
  @Test func trainingBesidePredictions() throws {
    @Sendable func trained(_ threads: Int) throws -> [[Float]] {
      try ExecutionContext(threads: threads, thresholds: .none).run {
        var generator = RandomGenerator(seed: 1)
        var model = Self.model(using: &generator)
        let inputs = Tensor(SeededGenerator.floats(24 * 9 * 3, seed: 2), shape: [24, 9, 3])
        let targets = Tensor(SeededGenerator.floats(48, seed: 3), shape: [24, 2])
        try fit(
          &model, on: TensorExamples(inputs: SequenceBatch(inputs), targets: targets),
          loss: meanSquaredError, optimizer: Adam(), epochs: 3, batchSize: 8, seed: 4)
        return model.parameters.map(\.tensor.elements)
      }
    }
    @Sendable func predicted(_ threads: Int, rows: Int) -> [Float] {
      ExecutionContext(threads: threads, thresholds: .none).run {
        var generator = RandomGenerator(seed: 5)
        let model = Self.model(using: &generator)
        let input = SequenceBatch(
          Tensor(SeededGenerator.floats(rows * 30 * 3, seed: 6), shape: [rows, 30, 3]))
        return model(input).elements
      }
    }
    let alone = try trained(1)
    let answers = [1, 2, 9].map { predicted(1, rows: $0) }
    let results = Mutex<[Bool]>([])
    DispatchQueue.concurrentPerform(iterations: 6) { index in
      let isSame =
        index % 2 == 0
        ? (try? trained(2)) == alone
        : [1, 2, 9].map { predicted(index, rows: $0) } == answers
      results.withLock { $0.append(isSame) }
    }
    #expect(results.withLock { $0 } == Array(repeating: true, count: 6))
  }

  private static func model(
    using generator: inout RandomGenerator
  ) -> some Layer<SequenceBatch, Tensor> {
    Sequential {
      RecurrentStack(
        .lstm, inputSize: 3, hiddenSize: 17, layerCount: 2, dropout: 0.2, using: &generator)
      Bidirectional(
        GRU(inputSize: 17, hiddenSize: 9, using: &generator),
        GRU(inputSize: 17, hiddenSize: 9, using: &generator)
      ).final
      Dense(inputSize: 18, outputSize: 2, using: &generator)
    }
  }
}
