import ArgumentParser
import Foundation
import Recurrent
import RecurrentMPI
import RecurrentTasks
import Synchronization

/// The processes that `mpirun` started, of which this is one.
///
/// The first one speaks and writes; the others compute, and are silent unless something is wrong with
/// them alone.
enum Ranks {
  #if MPI
    private static let found: Result<MPICommunicator?, DataError> = Result {
      () throws(DataError) in
      guard started > 1 else { return nil }
      return try MPICommunicator.begin(
        isEnding: { Interruption.requested != nil }, advice: { advice.withLock(\.self) })
    }
  #endif

  /// Advice for when a rank is lost.
  static let advice = Mutex("")

  /// The ranks of this run; nil where this process is the only one.
  static var all: (any Communicator)? {
    #if MPI
      try? found.get()
    #else
      nil
    #endif
  }

  /// Whether this one speaks and writes.
  static var isFirst: Bool { all?.rank ?? 0 == 0 }

  /// Processes that were started together, as the launchers of Open MPI, MPICH and Slurm tell.
  private static let started: Int = {
    let names = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_SIZE", "SLURM_STEP_NUM_TASKS"]
    let environment = ProcessInfo.processInfo.environment
    return names.lazy.compactMap { environment[$0].flatMap(Int.init) }.first ?? 1
  }()

  /// Finds the others, before anything else is done.
  static func begin() throws(DataError) {
    #if MPI
      guard try found.get() != nil, !isFirst else { return }
      let nowhere = open("/dev/null", O_WRONLY)
      dup2(nowhere, STDOUT_FILENO)
      dup2(open("/dev/null", O_RDONLY), STDIN_FILENO)
    #endif
  }

  /// Threads of this one, where nobody says how many: its share of the processors.
  static var threads: Int? {
    #if MPI
      guard let ranks = try? found.get() else { return nil }
      guard ProcessInfo.processInfo.environment["RECURRENT_THREADS"] == nil else { return nil }
      let share = ProcessInfo.processInfo.activeProcessorCount / max(1, ranks.neighbours)
      return max(1, min(share, Self.processorsOfThis))
    #else
      return nil
    #endif
  }

  /// The processors that this process may run on: `mpirun` binds each to some.
  private static var processorsOfThis: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") } ?? ""
    let digits = line.dropFirst("Cpus_allowed:".count).compactMap(\.hexDigitValue)
    return digits.isEmpty ? .max : digits.reduce(0) { $0 + $1.nonzeroBitCount }
  }

  /// Whether this process has nothing to do with the command: all but trainings and searches are done
  /// by the first one alone.
  static func sitsOut(_ command: any ParsableCommand) -> Bool {
    let isShared = command is any RankedCommand
    if started > 1, all == nil, isShared {
      warn(
        "was started as one of \(started) processes, but built without MPI: each does all of this alone. "
          + "To share it, build with: swift build -c release --traits MPI")
    }
    if all != nil, !isShared, isFirst {
      warn("only train, tune and resume are shared by ranks; the first one does this alone.")
    }
    return !isFirst && !isShared
  }

  /// The shards of a training that these ranks share; nil where they share networks, or are one.
  static func shards(_ asked: Int?, networks: Int) throws(DataError) -> Int? {
    guard let all, asked != nil || networks == 1 else { return asked }
    let shards = asked ?? all.size
    guard shards >= all.size else {
      throw DataError(
        file: "--shards", problem: "\(shards) cannot be shared by \(all.size) ranks",
        advice: "Start at most \(shards) processes: mpirun -n \(shards)")
    }
    return shards
  }

  /// What is printed of them before training; nil where this is the only one.
  static func description(shards: Int?) -> String? {
    guard let all else { return nil }
    let shared =
      shards.map { "share \($0) shards of each batch" }
      ?? "share the networks, each trains some alone"
    return "ranks       \(all.size), \(shared); \(ExecutionContext.current.threads) "
      + "thread\(ExecutionContext.current.threads == 1 ? "" : "s") each"
  }

  /// Leaves the others after the work is done.
  static func end() {
    #if MPI
      if let ranks = try? found.get() { ranks.end() }
    #endif
  }

  /// Ends the program, and the others with it.
  ///
  /// - Parameter say: tells why. What is wrong everywhere, the first one tells: the others wait a moment
  ///   to be ended by it.
  static func fail(code: Int32, _ say: () -> Void) -> Never {
    #if MPI
      if let ranks = try? found.get() {
        if !isFirst { usleep(700_000) }
        say()
        fflush(nil)
        ranks.endAll(code: code)
      }
    #endif
    say()
    Foundation.exit(code)
  }
}

/// A command that ranks share.
protocol RankedCommand: ParsableCommand {}
