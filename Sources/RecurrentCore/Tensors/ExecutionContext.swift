import Foundation
import RecurrentFiles
internal import RecurrentKernels
import Synchronization

/// Where computations run: on how many threads, and in which memory.
///
/// Contexts know nothing of each other: each has threads and buffers of its own. So a server gives
/// a training two threads and its predictions one, and both stay within what they were given. No
/// result depends on the context, not in a single bit.
///
/// ```swift
/// let training = ExecutionContext(threads: 4)
/// let serving = ExecutionContext(threads: 1, memoryLimit: 64 << 20)
/// try training.run { try trainer.run(on: examples) }     // on one thread of the program
/// let answer = serving.run { model(request) }            // on another, at the same time
/// ```
///
/// What runs outside of any ``run(_:)`` runs in ``standard``. Several callers may use one context at
/// the same time; they then share its threads. Threads and waiting buffers go with the context.
public final class ExecutionContext: Sendable {
  /// The most threads that work for one caller, the calling one included; at least 1.
  public let threads: Int
  /// When work is divided.
  let thresholds: Thresholds
  let workers: WorkerPool
  let buffers: BufferPool

  /// From where on it pays to divide work, or to read weights in another way.
  package struct Thresholds: Sendable {
    /// Operations that a thread gets at least: about as many as one does while another takes up its
    /// part.
    package var smallestShare = 400_000
    /// Terms of a product that a thread gets at least between two meetings with the others.
    package var smallestStep = 8_000
    /// Bytes of the weights that a step of one row reads, from which on rounded weights are read in
    /// their few bits.
    package var leastNarrowBytes = 8 << 20

    package init() {}

    /// The least thresholds: all work is divided, however small. For tests.
    package static var none: Thresholds {
      var result = Thresholds()
      (result.smallestShare, result.smallestStep, result.leastNarrowBytes) = (1, 1, 0)
      return result
    }
  }

  /// A context of its own.
  ///
  /// - Parameters:
  ///   - threads: At least 1; by default those of ``standard``.
  ///   - memoryLimit: Bytes of buffers, in use and waiting to be used again, beyond which waiting
  ///     ones go back to the system. What a computation needs it gets in any case.
  public convenience init(threads: Int? = nil, memoryLimit: Int? = nil) {
    self.init(threads: threads, memoryLimit: memoryLimit, thresholds: Thresholds())
  }

  package init(threads: Int? = nil, memoryLimit: Int? = nil, thresholds: Thresholds) {
    let threads = threads ?? Self.standardThreads
    require(threads >= 1, "the number of threads is at least 1, not \(threads)")
    self.threads = threads
    self.thresholds = thresholds
    workers = WorkerPool(size: threads - 1)
    buffers = BufferPool(limit: memoryLimit.map { $0 / 4 })
  }

  /// A context of one thread, with as much of the memory as one of so many.
  func share(of parts: Int) -> ExecutionContext {
    let limit = buffers.limit == .max ? nil : 4 * buffers.limit / parts
    return ExecutionContext(threads: 1, memoryLimit: limit, thresholds: thresholds)
  }

  /// The context of what runs in no other: with a thread for each of the machine's processors, or as
  /// many as the environment variable `RECURRENT_THREADS` says.
  public static let standard = ExecutionContext()

  private static let standardThreads =
    ProcessInfo.processInfo.environment["RECURRENT_THREADS"].flatMap(Int.init).map { max(1, $0) }
    ?? ProcessInfo.processInfo.activeProcessorCount

  /// The context of the call that is going on.
  public static var current: ExecutionContext {
    guard let context = rk_thread_place().pointee.context else { return standard }
    return Unmanaged<ExecutionContext>.fromOpaque(context).takeUnretainedValue()
  }

  /// Gives `body` that context, without keeping it: for what is asked many times in a step.
  static func withCurrent<Result>(_ body: (ExecutionContext) -> Result) -> Result {
    guard let context = rk_thread_place().pointee.context else { return body(standard) }
    return Unmanaged<ExecutionContext>.fromOpaque(context)._withUnsafeGuaranteedRef(body)
  }

  /// Runs `body` in this context: what it computes, and what that computes.
  public func run<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let place = rk_thread_place()
    let before = place.pointee.context
    place.pointee.context = Unmanaged.passUnretained(self).toOpaque()
    defer {
      place.pointee.context = before
      withExtendedLifetime(self) {}
    }
    return try body()
  }

  /// Gives the buffers that wait to be used again back to the system: after large work, before a
  /// long wait.
  public func releaseBuffers() { buffers.release() }
}
