#if StateFile
  import Dispatch
  import struct Foundation.Data
  import GRDB
  import InferenceProtocol
  import Synchronization

  /// States of streams in a file of SQLite.
  ///
  /// States that come while others are being written are written together, by one transaction: many
  /// streams wait for the disk once. What was acknowledged is on the disk, so that neither a kill nor a
  /// power cut takes it back.
  public final class StateFile: StateStore {
    private struct Key: Hashable {
      var model: String
      var id: SequenceID
    }

    private struct Pending {
      /// The latest state of each stream; nil: it ended.
      var states: [Key: SavedState?] = [:]
      var written = WrittenState()
      var isWriting = false
    }

    private let database: DatabaseQueue
    private let pending = Mutex(Pending())
    private let writer = DispatchQueue(label: "recurrent-server.states")

    /// Opens a file, or makes it.
    ///
    /// - Throws: an error of SQLite if it cannot be opened, is none of this server, or another server
    ///   has it.
    public init(_ path: String) throws {
      var configuration = Configuration()
      configuration.label = "recurrent-server"
      configuration.prepareDatabase { database in
        try database.execute(
          sql: """
            PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL
            """)
      }
      database = try DatabaseQueue(path: path, configuration: configuration)
      try database.write { database in
        try database.execute(
          sql: """
            CREATE TABLE IF NOT EXISTS streams (
              model TEXT NOT NULL, id TEXT NOT NULL, state BLOB NOT NULL, PRIMARY KEY (model, id)
            ) WITHOUT ROWID
            """)
      }
    }

    /// Takes what a stream's state has become.
    public func write(_ state: SavedState?, model: String, id: SequenceID) -> WrittenState {
      let (written, begins) = pending.withLock { pending in
        pending.states[Key(model: model, id: id)] = .some(state)
        defer { pending.isWriting = true }
        return (pending.written, !pending.isWriting)
      }
      if begins { writer.async { self.writePending() } }
      return written
    }

    /// The states of a model's streams.
    public func states(of model: String) throws -> [(id: SequenceID, state: SavedState)] {
      try database.read { database in
        let rows = try Row.fetchCursor(
          database, sql: "SELECT id, state FROM streams WHERE model = ?", arguments: [model])
        var states: [(id: SequenceID, state: SavedState)] = []
        while let row = try rows.next() {
          let (id, state): (String, [UInt8]) = (row[0], Array(row[1] as Data))
          states.append((SequenceID(id), try StateArchive.decode(state)))
        }
        return states
      }
    }

    private func writePending() {
      while true {
        let batch = pending.withLock { pending in
          guard !pending.states.isEmpty else {
            pending.isWriting = false
            return nil as (states: [Key: SavedState?], written: WrittenState)?
          }
          defer { (pending.states, pending.written) = ([:], WrittenState()) }
          return (pending.states, pending.written)
        }
        guard let batch else { return }
        do {
          try write(batch.states)
          batch.written.finish(nil)
        } catch {
          batch.written.finish(
            RequestError(.failed, "The state of the stream could not be written: \(error)"))
        }
      }
    }

    private func write(_ states: [Key: SavedState?]) throws {
      try database.write { database in
        let put = try database.cachedStatement(
          sql: "INSERT OR REPLACE INTO streams (model, id, state) VALUES (?, ?, ?)")
        let remove = try database.cachedStatement(
          sql: "DELETE FROM streams WHERE model = ? AND id = ?")
        for (key, state) in states {
          if let state {
            let bytes = Data(StateArchive.encode(state, model: key.model))
            try put.execute(arguments: [key.model, "\(key.id)", bytes])
          } else {
            try remove.execute(arguments: [key.model, "\(key.id)"])
          }
        }
      }
    }
  }
#endif
