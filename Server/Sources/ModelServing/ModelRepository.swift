import Foundation
import InferenceProtocol
import Recurrent
import Synchronization

/// A model that is loaded: what answers requests as long as one needs it, also when another took its
/// place.
public final class ServingModel: Sendable {
  /// The folder's or file's name, without its ending.
  public let name: String
  /// The only version that there is.
  public static let version = "1"
  /// The model.
  public let model: any ServedModel
  /// The streams of this model; streams of the version before it go on in it.
  public let streams: StreamTable
  /// How long steps take, in nanoseconds: about the median of the last ones, so that a step during which
  /// the processor did something else makes no other. 0 before the first.
  private let stepTime = Atomic<Int64>(0)

  init(name: String, model: any ServedModel, streams: StreamTable) {
    (self.name, self.model, self.streams) = (name, model, streams)
  }

  /// Whether steps are short enough for a thread of the network.
  public var hasShortSteps: Bool { (1..<200_000).contains(stepTime.load(ordering: .relaxed)) }

  /// A step of a stream.
  public func step(
    _ request: InferRequest, of sequence: InferRequest.Sequence
  ) throws(RequestError) -> (outputs: [WireTensor], written: WrittenState?) {
    let start = ContinuousClock.now
    let result = try streams.step(request, of: sequence) { () throws(RequestError) in
      try model.makeStream()
    }
    let time = (ContinuousClock.now - start).nanoseconds
    let median = stepTime.load(ordering: .relaxed)
    let nearer = time > median ? median + median / 16 + 1 : median - median / 16
    stepTime.store(max(1, median == 0 ? time : nearer), ordering: .relaxed)
    return result
  }
}

/// The models of a folder: which are there, and which of them are loaded.
public final class ModelRepository: Sendable {
  /// What is known of a model by its name.
  public struct Entry: Sendable {
    /// The name.
    public var name: String
    /// Whether it answers requests.
    public var isReady: Bool
    /// Why the model does not answer; empty if it does.
    public var reason: String
  }

  private struct State {
    var models: [String: ServingModel] = [:]
    var failures: [String: String] = [:]
  }

  /// The folder.
  public let folder: String
  private let limits: StreamTable.Limits
  private let store: (any StateStore)?
  /// Streams of all models.
  public let streamCount = StreamTable.Count()
  private let state = Mutex(State())
  /// One model is read at a time.
  private let loading = Mutex(())

  /// A repository in which nothing is loaded.
  public init(
    folder: String, limits: StreamTable.Limits = .init(), store: (any StateStore)? = nil
  ) {
    (self.folder, self.limits, self.store) = (folder, limits, store)
  }

  // MARK: What is there

  /// The models that are loaded, by name.
  public var models: [ServingModel] {
    state.withLock { Array($0.models.values) }.sorted { $0.name < $1.name }
  }

  /// The model of a name.
  ///
  /// - Throws: ``RequestError`` if there is none, or it is not loaded.
  public func model(_ name: String) throws(RequestError) -> ServingModel {
    let (model, failure) = state.withLock { ($0.models[name], $0.failures[name]) }
    if let model { return model }
    if let failure {
      throw RequestError(.unavailable, "Model \(quoted(name)) could not be loaded: \(failure)")
    }
    throw RequestError(.missing, "There is no model \(quoted(name)), or it is not loaded.")
  }

  /// All models of the folder, and those that were loaded before they went from it.
  public func index() -> [Entry] {
    let (models, failures) = state.withLock { ($0.models, $0.failures) }
    return Set(found().keys).union(models.keys).union(failures.keys).sorted().map { name in
      Entry(
        name: name, isReady: models[name] != nil,
        reason: failures[name] ?? (models[name] == nil ? "not loaded" : ""))
    }
  }

  private static func read(_ path: String) throws(DataError) -> any ServedModel {
    if path.hasSuffix(".onnx") { return try OnnxServing(file: path) }
    if path.hasSuffix(".json") { return try RTNeuralServing(file: path) }
    return try ServedJobs.load(path)
  }

  /// Paths in the folder by the names of models: model folders, files of ONNX, and of RTNeural.
  private func found() -> [String: String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var paths: [String: String] = [:]
    for name in names.sorted() where !name.hasPrefix(".") {
      let path = folder + "/" + name
      if name.hasSuffix(".onnx") || name.hasSuffix(".json") {
        paths[String(name.dropLast(5))] = path
      } else if FileManager.default.fileExists(atPath: path + "/config.json") {
        paths[name] = path
      }
    }
    return paths
  }

  // MARK: Loading

  /// Loads all models of the folder; one that cannot be read does not keep others back.
  ///
  /// - Returns: what is to be told of those that could not be read, and of streams.
  public func loadAll() -> [String] {
    found().keys.sorted().flatMap { name in
      do throws(RequestError) {
        return try load(name)
      } catch {
        return [error.message]
      }
    }
  }

  /// Reads a model, also in place of the one of this name: requests that are under way are answered by
  /// the former, and streams go on with the weights with which they began.
  ///
  /// - Returns: what is to be told of its streams.
  /// - Throws: ``RequestError`` if it cannot be read; the former then stays.
  @discardableResult
  public func load(_ name: String) throws(RequestError) -> [String] {
    guard let path = found()[name] else {
      throw RequestError(.missing, "The folder has no model \(quoted(name)).")
    }
    return try loading.withLock { _ throws(RequestError) in
      let model: any ServedModel
      do throws(DataError) {
        model = try Self.read(path)
      } catch {
        let problem = RequestError(error).message
        // Other JSON in the folder is nobody's model, and the server ready without it.
        let isModel = !path.hasSuffix(".json") || RTNeuralServing.isNetwork(path)
        state.withLock { if isModel, $0.models[name] == nil { $0.failures[name] = problem } }
        throw RequestError(.malformed, "Model \(quoted(name)) could not be loaded: \(problem)")
      }
      let former = state.withLock { $0.models[name] }
      let streams =
        former?.streams
        ?? StreamTable(model: name, limits: limits, count: streamCount, store: store)
      var remarks: [String] = []
      if former == nil {
        do {
          let (_, refused) = try streams.restoreAll { () throws(RequestError) in
            try model.makeStream()
          }
          if !refused.isEmpty {
            remarks.append(
              "Model \(quoted(name)): \(refused.count) kept streams did not come back: they are of another model, or more than may be."
            )
          }
        } catch {
          remarks.append("Model \(quoted(name)): kept streams did not come back: \(error)")
        }
      }
      state.withLock { state in
        state.models[name] = ServingModel(name: name, model: model, streams: streams)
        state.failures[name] = nil
      }
      return remarks
    }
  }

  /// Takes a model away: requests that are under way are answered, its streams end.
  public func unload(_ name: String) throws(RequestError) {
    let former = state.withLock { state in
      state.failures[name] = nil
      return state.models.removeValue(forKey: name)
    }
    guard let former else {
      throw RequestError(.missing, "There is no model \(quoted(name)), or it is not loaded.")
    }
    former.streams.removeAll()
  }

  /// Ends streams that were idle for too long.
  public func removeIdleStreams() -> Int {
    models.reduce(0) { $0 + $1.streams.removeIdle() }
  }
}
