#if MPI
  import Foundation
  import RecurrentCore
  import RecurrentFiles
  internal import SystemMPI
  import Synchronization

  /// The processes that `mpirun` started, as ranks that train one model together.
  ///
  /// ```swift
  /// let ranks = try MPICommunicator.begin()
  /// trainer.communicator = ranks            // with TrainingOptions(shards: 8)
  /// try trainer.run(on: examples)           // the same bits as one process
  /// ranks.end()
  /// ```
  ///
  /// Needs the package trait `MPI` and the system's library (Open MPI, MPICH). One thread at a time calls
  /// it; it waits asleep, so that ranks may be more than processors.
  public final class MPICommunicator: Communicator {
    /// The number of this rank, from 0.
    public let rank: Int
    /// The number of ranks.
    public let size: Int
    /// The ranks on this machine, this one included.
    public let neighbours: Int
    /// Whether this process was told to end; asked while it waits.
    private let isEnding: @Sendable () -> Bool
    private let advice: @Sendable () -> String

    private init(
      rank: Int, size: Int, neighbours: Int, isEnding: @escaping @Sendable () -> Bool,
      advice: @escaping @Sendable () -> String
    ) {
      (self.rank, self.size, self.neighbours) = (rank, size, neighbours)
      (self.isEnding, self.advice) = (isEnding, advice)
    }

    /// Finds the other ranks; once in a program, before it does anything else.
    ///
    /// - Parameters:
    ///   - isEnding: whether this process was told to end, as by a signal. MPI tells so those that are
    ///     left when a rank is lost; waiting then ends the process with a line that says so.
    ///   - advice: what that line says at its end.
    /// - Throws: ``DataError`` if MPI does not work here.
    public static func begin(
      isEnding: @escaping @Sendable () -> Bool = { false },
      advice: @escaping @Sendable () -> String = { "" }
    ) throws(DataError) -> MPICommunicator {
      var (rank, size, neighbours): (CInt, CInt, CInt) = (0, 0, 0)
      let problem = rm_begin(&rank, &size, &neighbours)
      guard problem == 0 else {
        throw DataError(
          file: "MPI", problem: problem < 0 ? "knows no threads" : "cannot begin (error \(problem))"
        )
      }
      return MPICommunicator(
        rank: Int(rank), size: Int(size), neighbours: Int(neighbours), isEnding: isEnding,
        advice: advice)
    }

    /// Sends and receives; ends the process where another rank is lost.
    public func exchange(
      _ sent: [(to: Int, bytes: UnsafeRawBufferPointer)],
      _ received: [(from: Int, bytes: UnsafeMutableRawBufferPointer)]
    ) {
      var messages = rm_messages()
      defer { free(messages.requests) }
      var problem: CInt = 0
      for (from, bytes) in received where problem == 0 && bytes.count > 0 {
        problem = rm_add(&messages, bytes.baseAddress, bytes.count, CInt(from), 0)
      }
      for (to, bytes) in sent where problem == 0 && bytes.count > 0 {
        problem = rm_add(
          &messages, UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, CInt(to), 1)
      }
      var (isDone, polls): (CInt, Int) = (0, 0)
      let start = ProcessInfo.processInfo.systemUptime
      var endingSince: Double?
      while problem == 0 {
        problem = rm_test(&messages, &isDone)
        if isDone != 0 { break }
        polls += 1
        if polls < 50 { continue }
        let now = ProcessInfo.processInfo.systemUptime
        // Short naps while something may come any moment, longer ones in a long wait.
        usleep(now - start < 1 ? 20 : 1_000)
        guard isEnding() else { continue }
        let since = endingSince ?? now
        endingSince = since
        if now - since > Self.patience { lost() }
      }
      if problem != 0 { lost() }
    }

    /// How long, in seconds, others are waited for when this process is to end: MPI ends it one second
    /// after it told it to.
    private static let patience = 0.6

    private func lost() -> Never {
      let text = "rank \(rank) of \(size): another rank is lost, and training ends. \(advice())"
      try? FileHandle.standardError.write(contentsOf: Data("recurrent: \(text)\n".utf8))
      // Nothing of MPI answers any more.
      _exit(75)
    }

    /// Waits for the first rank, which comes here last, and leaves.
    public func end() {
      var byte: UInt8 = 0
      withUnsafeMutableBytes(of: &byte) { byte in
        if rank == 0 {
          exchange((1..<size).map { ($0, UnsafeRawBufferPointer(byte)) }, [])
        } else {
          exchange([], [(0, byte)])
        }
      }
      rm_end()
    }

    /// Ends all ranks: where one cannot go on.
    public func endAll(code: Int32) -> Never {
      rm_end_all(code)
      _exit(code)
    }
  }
#endif
