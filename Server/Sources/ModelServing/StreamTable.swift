import Dispatch
import InferenceProtocol
import Synchronization

/// The streams of one model, kept apart by their names.
///
/// Streams are spread over shards with a lock each, and each stream has a lock of its own, so that
/// steps of different streams wait for nobody. Steps of one stream are taken in the order in which
/// they come.
public final class StreamTable: Sendable {
  /// What bounds the streams of a server.
  public struct Limits: Sendable {
    /// Streams of all models together.
    public var streams = 65_536
    /// A stream that gets no step for so long ends.
    public var idle = Duration.seconds(600)
    /// Snapshots of one stream.
    public var snapshots = 16

    /// The defaults.
    public init() {}
  }

  /// How many streams there are, of all models of a server.
  public final class Count: Sendable {
    private let value = Atomic(0)
    /// A count of no streams.
    public init() {}
    /// Streams at the moment.
    public var now: Int { value.load(ordering: .relaxed) }

    /// Takes a place, if there is one.
    func take(of limit: Int) -> Bool {
      if value.add(1, ordering: .relaxed).newValue <= limit { return true }
      value.subtract(1, ordering: .relaxed)
      return false
    }

    func giveBack() { value.subtract(1, ordering: .relaxed) }
  }

  let model: String
  let limits: Limits
  private let count: Count
  let store: (any StateStore)?
  private let shards = (0..<64).map { _ in Shard() }
  private let clock = ContinuousClock()
  private let begin: ContinuousClock.Instant

  /// No streams.
  ///
  /// - Parameters:
  ///   - model: The model's name.
  ///   - count: Shared by all tables of a server.
  ///   - store: Where each step is written before it is acknowledged; nil: nowhere.
  public init(
    model: String, limits: Limits = Limits(), count: Count = Count(), store: (any StateStore)? = nil
  ) {
    (self.model, self.limits, self.count, self.store) = (model, limits, count, store)
    begin = clock.now
  }

  // MARK: Steps

  /// A step of the stream that the request names.
  ///
  /// - Parameter beginning: Makes a stream in zero state.
  /// - Returns: the outputs, and where the state is written, what is to be waited for.
  /// - Throws: ``RequestError``: `conflict` if the stream did not begin, `gone` if it ended or was idle
  ///   for too long, `busy` if there are as many streams as may be.
  public func step(
    _ request: InferRequest, of sequence: InferRequest.Sequence,
    beginning: () throws(RequestError) -> any ServedStream
  ) throws(RequestError) -> (outputs: [WireTensor], written: WrittenState?) {
    let shard = shard(of: sequence.id)
    if sequence.starts {
      var stream = try beginning()
      let outputs = try stream.step(request)
      if sequence.ends {
        return (outputs, try remove(sequence.id, .ended))
      }
      return (outputs, try insert(stream, steps: 1, as: sequence.id, in: shard))
    }
    guard let slot = shard.slot(sequence.id) else { throw missing(sequence.id, in: shard) }
    slot.lastUse.store(now, ordering: .relaxed)
    let step = try slot.contents.withLock { contents throws(RequestError) in
      guard !contents.isGone else { return nil as ([WireTensor], WrittenState?)? }
      let outputs = try contents.stream.step(request)
      contents.steps += 1
      // Under the lock, so that states of a stream are written in the order of its steps.
      return (outputs, sequence.ends ? nil : save(contents, of: slot, as: sequence.id))
    }
    // Not under the lock: who holds a shard's waits for those of its streams.
    guard let (outputs, written) = step else { throw missing(sequence.id, in: shard) }
    return (outputs, sequence.ends ? try remove(sequence.id, .ended, only: slot) : written)
  }

  /// Writes a stream's state. One whose state is not what was acknowledged ends.
  func save(_ contents: Slot.Contents, of slot: Slot, as id: SequenceID) -> WrittenState? {
    guard let written = store?.write(contents.saved, model: model, id: id) else { return nil }
    written.whenDone { error in
      guard error != nil else { return }
      // Whoever is told here and now has the stream's lock.
      DispatchQueue.global().async { _ = try? self.remove(id, .lost, only: slot) }
    }
    return written
  }

  // MARK: Streams that come and go

  /// Puts a stream into its place, also in that of another of its name.
  @discardableResult
  func insert(
    _ stream: any ServedStream, steps: Int, as id: SequenceID, writes: Bool = true
  ) throws(RequestError) -> WrittenState? {
    try insert(stream, steps: steps, as: id, in: shard(of: id), writes: writes)
  }

  private func insert(
    _ stream: any ServedStream, steps: Int, as id: SequenceID, in shard: Shard, writes: Bool = true
  ) throws(RequestError) -> WrittenState? {
    let slot = Slot(stream, steps: steps, now: now)
    var isNew = shard.slot(id) == nil
    if isNew, !count.take(of: limits.streams) {
      throw RequestError(
        .busy, "The server keeps \(limits.streams) streams, which is all that it may.",
        retryAfter: 1)
    }
    let written: WrittenState? = shard.slots.withLock { slots in
      let former = slots.live.updateValue(slot, forKey: id)
      if let former {
        former.contents.withLock { $0.isGone = true }
        if isNew { count.giveBack() }
      } else if !isNew {
        // It went since it was looked for; one more than the limit does no harm.
        _ = count.take(of: .max)
        isNew = true
      }
      slots.gone.remove(id)
      guard writes else { return nil }
      return slot.contents.withLock { save($0, of: slot, as: id) }
    }
    return written
  }

  /// Ends a stream.
  ///
  /// - Parameter slot: nothing is done if another took its place.
  @discardableResult
  func remove(
    _ id: SequenceID, _ reason: Reason, only slot: Slot? = nil
  ) throws(RequestError) -> WrittenState? {
    shard(of: id).slots.withLock { slots in
      guard let former = slots.live[id] else {
        // One that began and ended by the same step never had a place.
        if slot == nil { slots.gone.insert(id, reason) }
        return nil
      }
      guard slot == nil || slot === former else { return nil }
      slots.live[id] = nil
      slots.gone.insert(id, reason)
      former.contents.withLock { $0.isGone = true }
      count.giveBack()
      return store?.write(nil, model: model, id: id)
    }
  }

  /// Ends streams that were idle for too long.
  ///
  /// - Returns: how many.
  @discardableResult
  func removeIdle() -> Int {
    let oldest = now - limits.idle.nanoseconds
    var removed = 0
    for shard in shards {
      let idle = shard.slots.withLock { slots in
        slots.live.filter { $0.value.lastUse.load(ordering: .relaxed) < oldest }
      }
      for (id, slot) in idle {
        _ = try? remove(id, .idle, only: slot)
        removed += 1
      }
    }
    return removed
  }

  /// Ends all streams.
  func removeAll() {
    for shard in shards {
      for id in shard.slots.withLock({ Array($0.live.keys) }) { _ = try? remove(id, .unloaded) }
    }
  }

  /// The number of streams.
  public var streamCount: Int {
    shards.reduce(0) { sum, shard in sum + shard.slots.withLock { $0.live.count } }
  }

  // MARK: Parts of pieces

  /// Why a stream is not there any more.
  enum Reason: Sendable {
    case ended
    case idle
    case unloaded
    case lost
  }

  /// A stream, its lock, and what was kept of it.
  final class Slot: Sendable {
    struct Contents {
      var stream: any ServedStream
      var steps: Int
      var snapshots: [(name: String, stream: any ServedStream, steps: Int)] = []
      var isGone = false
      var saved: SavedState { SavedState(steps: steps, tensors: stream.state) }
    }

    let contents: Mutex<Contents>
    /// Nanoseconds since the table began.
    let lastUse: Atomic<Int64>

    init(_ stream: any ServedStream, steps: Int, now: Int64) {
      contents = Mutex(Contents(stream: stream, steps: steps))
      lastUse = Atomic(now)
    }
  }

  final class Shard: Sendable {
    struct Slots {
      var live: [SequenceID: Slot] = [:]
      var gone = GoneStreams()
    }
    let slots = Mutex(Slots())

    func slot(_ id: SequenceID) -> Slot? { slots.withLock { $0.live[id] } }
  }

  func shard(of id: SequenceID) -> Shard {
    shards[Int(UInt(bitPattern: id.hashValue) % UInt(shards.count))]
  }

  func missing(_ id: SequenceID, in shard: Shard) -> RequestError {
    let name = quoted(id.description)
    switch shard.slots.withLock({ $0.gone[id] }) {
    case .ended?:
      return RequestError(.gone, "Sequence \(name) has ended: begin anew with sequence_start.")
    case .idle?:
      return RequestError(
        .gone,
        "Sequence \(name) had no step for \(limits.idle.components.seconds) seconds, and was dropped: begin anew with sequence_start."
      )
    case .lost?:
      return RequestError(
        .gone,
        "Sequence \(name) ended because its state could not be written: begin anew with sequence_start."
      )
    case .unloaded?:
      return RequestError(
        .gone, "Sequence \(name) ended with its model: begin anew with sequence_start.")
    case nil:
      return RequestError(
        .conflict, "Sequence \(name) has not begun: its first request has sequence_start.")
    }
  }

  var now: Int64 { begin.duration(to: clock.now).nanoseconds }
}

/// Streams that are not there any more, the latest of them.
struct GoneStreams {
  private static let limit = 1024
  private var reasons: [SequenceID: StreamTable.Reason] = [:]
  private var order: [SequenceID] = []
  private var next = 0

  subscript(_ id: SequenceID) -> StreamTable.Reason? { reasons[id] }

  mutating func remove(_ id: SequenceID) { reasons[id] = nil }

  mutating func insert(_ id: SequenceID, _ reason: StreamTable.Reason) {
    guard reasons.updateValue(reason, forKey: id) == nil else { return }
    guard order.count == Self.limit else { return order.append(id) }
    reasons[order[next]] = nil
    order[next] = id
    next = (next + 1) % Self.limit
  }
}

extension Duration {
  var nanoseconds: Int64 {
    let (seconds, over) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return over ? .max / 2 : seconds + components.attoseconds / 1_000_000_000
  }
}
