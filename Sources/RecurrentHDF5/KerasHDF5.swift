// Keras's files of weights by the system's HDF5 library: with the package trait HDF5, and nothing
// without it.
#if HDF5
  import RecurrentCore
  import RecurrentFiles
  internal import SystemHDF5
  import Synchronization

  /// The library is not made for several threads at once.
  private let onlyOne = Mutex(())

  extension KerasWeights {
    /// Opens a file of weights of Keras 2 (`.h5`, `.hdf5`), a whole model's or `save_weights()`'s, or a whole model of
    /// Keras 3 (`.keras`).
    ///
    /// Of Keras 2 layers stand in the file's own order, which is the model's; of CuDNN's layouts the matrices are
    /// turned and the two biases added, as Keras itself does. Of Keras 3 the model's description tells the order, and the
    /// settings of each layer, against which what is declared is checked.
    ///
    /// The file is read by the system's HDF5 library, which is not made for files that lie: some make it crash. So it
    /// is read in a process of its own first, and refused if that does not end well.
    ///
    /// - Throws: ``DataError`` if there is no such file, it is neither, or holds other than
    ///   floating-point numbers that 32 bits hold.
    public init(hdf5 path: String) throws(DataError) {
      let bytes = try readFile(path)
      guard bytes.starts(with: Array("PK".utf8)) else {
        let arrays = try guarded(bytes, path) { (file) throws(DataError) in try file.arrays() }
        self.init(arrays: arrays, source: path)
        return
      }
      let archive = try KerasArchive(bytes, source: path)
      let (arrays, settings) = try guarded(archive.weights, path) { (file) throws(DataError) in
        try file.arrays(of: archive.model)
      }
      self.init(arrays: arrays, settings: settings, source: path)
    }
  }

  /// What `read` makes of a file, after a process of its own has read it without harm.
  private func guarded<Result: Sendable>(
    _ bytes: [UInt8], _ path: String,
    _ read: @escaping @Sendable (borrowing HDF5Reader) throws(DataError) -> Result
  ) throws(DataError) -> Result {
    let whole: @Sendable () throws(DataError) -> Result = { () throws(DataError) in
      try read(HDF5Reader(bytes, path))
    }
    return try onlyOne.withLock { _ throws(DataError) in
      let trial = Trial {
        do throws(DataError) {
          _ = try whole()
          return nil
        } catch {
          return error
        }
      }
      var note = [CChar](repeating: 0, count: Int(RH_NOTE))
      let end = withUnsafePointer(to: trial) { trial in
        // Ten times the file, and what the library has for itself.
        rh_try(
          { $0?.assumingMemoryBound(to: Trial.self).pointee.run($1) ?? 0 }, trial,
          1 + bytes.count >> 26, 10 * bytes.count + 1 << 26, &note)
      }
      // What failed there is not tried here: where memory was short, here it might not be.
      if end == 1 { throw Trial.error(of: note, path) }
      guard end == 0 else {
        throw DataError(
          file: path,
          problem: end < 0
            ? "cannot be read: the system gives no process to try it in"
            : "is not a sound HDF5 file: reading it crashed, or took too long or too much memory",
          advice: "It is damaged; bring it again, or save it anew where the model is")
      }
      return try whole()
    }
  }

  /// Reading in a process of its own, which leaves an error as a text.
  private struct Trial {
    let read: () -> DataError?

    /// Whether it failed; the error's parts stand in `note` then, one behind the other.
    func run(_ note: UnsafeMutablePointer<CChar>?) -> Int32 {
      guard let error = read() else { return 0 }
      let text = [error.place ?? "", error.problem, error.advice ?? ""]
        .joined(separator: "\u{1}").utf8.prefix(Int(RH_NOTE) - 1)
      for (index, byte) in text.enumerated() { note?[index] = CChar(bitPattern: byte) }
      return 1
    }

    static func error(of note: [CChar], _ path: String) -> DataError {
      let bytes = note.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      let parts = bytes.split(separator: 1, maxSplits: 2, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
      }
      func part(_ index: Int) -> String? {
        parts.indices.contains(index) && !parts[index].isEmpty ? parts[index] : nil
      }
      return DataError(
        file: path, place: part(0), problem: part(1) ?? "cannot be read", advice: part(2))
    }
  }

  /// An open file.
  private struct HDF5Reader: ~Copyable {
    let path: String
    /// Elements that all arrays may have together.
    let most: Int
    private let file: hid_t

    init(_ bytes: [UInt8], _ path: String) throws(DataError) {
      (self.path, most) = (path, max(1 << 20, bytes.count))
      file = bytes.withUnsafeBytes { rh_open($0.baseAddress, $0.count) }
      guard file >= 0 else { throw failure("", "is not a sound HDF5 file") }
    }

    deinit { if file >= 0 { H5Fclose(file) } }

    private func failure(_ place: String, _ problem: String, _ advice: String? = nil) -> DataError {
      DataError(file: path, place: place.isEmpty ? nil : place, problem: problem, advice: advice)
    }

    /// The arrays of all layers, in the order of a file of Keras 2.
    func arrays() throws(DataError) -> [(name: String, tensor: StoredTensor)] {
      let root = H5Lexists(file, "model_weights", 0) > 0 ? "model_weights" : "/"
      guard let layers = try texts("layer_names", of: root, in: file) else {
        throw failure(
          "", "has no layer_names, expected a file of Keras 2",
          "Of Keras 3 a .keras file is read here, and .weights.h5 by Scripts/keras-to-safetensors")
      }
      var (arrays, count): ([(name: String, tensor: StoredTensor)], Int) = ([], 0)
      for layer in layers {
        let group = root == "/" ? layer : root + "/" + layer
        var own: [(name: String, tensor: StoredTensor)] = []
        for name in try texts("weight_names", of: group, in: file) ?? [] {
          let tensor = try array(group + "/" + name, in: file, room: most - count)
          count += tensor.values.count
          own.append((name, tensor))
        }
        arrays += Self.plain(own)
      }
      return arrays
    }

    /// The arrays of a model of Keras 3 in the order of `get_weights()`, and what is told of the layers that have them.
    func arrays(
      of model: KerasDescription
    ) throws(DataError) -> (
      arrays: [(name: String, tensor: StoredTensor)], settings: [KerasLayerSettings]
    ) {
      var (arrays, count): ([(name: String, tensor: StoredTensor)], Int) = ([], 0)
      var settings: [KerasLayerSettings] = []
      for layer in model.placed(in: "layers") {
        let first = arrays.count
        for part in ["/vars", "/cell/vars"] where isThere(layer.group + part) {
          while isThere("\(layer.group)\(part)/\(arrays.count - first)") {
            let name = "\(layer.group)\(part)/\(arrays.count - first)"
            let tensor = try array(name, in: file, room: most - count)
            count += tensor.values.count
            arrays.append((name, tensor))
          }
          if arrays.count > first { break }
        }
        guard arrays.count > first else { continue }
        settings.append(
          KerasLayerSettings(
            name: layer.path, kind: layer.kind, first: first, count: arrays.count - first,
            mergeMode: layer.mergeMode, config: layer.settings))
      }
      let group = rh_group(file, "layers")
      guard group >= 0 else {
        throw failure("", "has no group \"layers\", expected the weights of Keras 3")
      }
      defer { H5Gclose(group) }
      guard rh_arrays(group) == arrays.count else {
        throw failure(
          "", "has arrays of layers of a kind that is not known",
          "Save np.savez(\"weights.npz\", *model.get_weights()) where the model is")
      }
      return (arrays, settings)
    }

    /// Whether there is something at a path, whose groups must be there, too.
    private func isThere(_ path: String) -> Bool {
      var place = ""
      for part in path.split(separator: "/") {
        place += (place.isEmpty ? "" : "/") + part
        guard H5Lexists(file, place, 0) > 0 else { return false }
      }
      return true
    }

    /// The texts of an attribute; nil if there is none, none of them if it holds no texts.
    private func texts(
      _ name: String, of group: String, in file: hid_t
    ) throws(DataError) -> [String]? {
      let place = rh_group(file, group)
      guard place >= 0 else { throw failure("group \(quoted(group))", "is not there") }
      defer { H5Gclose(place) }
      guard H5Aexists(place, name) > 0 else { return nil }
      let attribute = H5Aopen(place, name, 0)
      guard attribute >= 0 else { throw failure("attribute \(quoted(name))", "cannot be read") }
      defer { H5Aclose(attribute) }
      let (space, type) = (H5Aget_space(attribute), H5Aget_type(attribute))
      defer {
        H5Sclose(space)
        H5Tclose(type)
      }
      let count = H5Sget_simple_extent_npoints(space)
      guard rh_is_text(type) != 0, count > 0 else { return [] }
      guard count < 100_000 else {
        throw failure("attribute \(quoted(name))", "has \(count) texts")
      }
      if H5Tis_variable_str(type) > 0 {
        var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: Int(count))
        guard rh_read_texts(attribute, &pointers) >= 0 else {
          throw failure("attribute \(quoted(name))", "cannot be read")
        }
        defer { for pointer in pointers { free(pointer) } }
        return pointers.map { $0.map { String(cString: $0) } ?? "" }
      }
      let width = H5Tget_size(type)
      guard width > 0, width < 1 << 16 else {
        throw failure("attribute \(quoted(name))", "has texts of \(width) bytes")
      }
      var bytes = [UInt8](repeating: 0, count: Int(count) * width)
      guard H5Aread(attribute, type, &bytes) >= 0 else {
        throw failure("attribute \(quoted(name))", "cannot be read")
      }
      return (0..<Int(count)).map {
        String(decoding: bytes[$0 * width..<($0 + 1) * width].prefix { $0 != 0 }, as: UTF8.self)
      }
    }

    private func array(
      _ name: String, in file: hid_t, room: Int
    ) throws(DataError) -> StoredTensor {
      let place = "array \(quoted(name))"
      let dataset = rh_dataset(file, name)
      guard dataset >= 0 else { throw failure(place, "is not there") }
      defer { H5Dclose(dataset) }
      let (space, type) = (H5Dget_space(dataset), H5Dget_type(dataset))
      defer {
        H5Sclose(space)
        H5Tclose(type)
      }
      let rank = H5Sget_simple_extent_ndims(space)
      guard rh_is_float(type) != 0, rank >= 0, rank <= 8 else {
        throw failure(place, "holds other than floating-point numbers")
      }
      var sizes = [hsize_t](repeating: 0, count: Int(rank) + 1)
      H5Sget_simple_extent_dims(space, &sizes, nil)
      let shape = sizes.dropLast().compactMap { Int(exactly: $0) }
      guard shape.count == Int(rank), let count = elementCount(ofShape: shape), count <= room else {
        throw failure(place, "has shape \(sizes.dropLast()), too large for this file")
      }
      if H5Tget_size(type) <= 4 {
        var values = [Float](repeating: 0, count: count)
        guard count == 0 || rh_read_floats(dataset, &values) >= 0 else {
          throw failure(place, "cannot be read")
        }
        return StoredTensor(shape: shape, values: values)
      }
      var values = [Double](repeating: 0, count: count)
      guard count == 0 || rh_read(dataset, &values) >= 0 else {
        throw failure(place, "cannot be read")
      }
      if let bad = values.first(where: { $0.isFinite && Double(Float($0)) != $0 }) {
        throw failure(place, "holds \(bad), which no 32-bit number equals")
      }
      return StoredTensor(shape: shape, values: values.map { Float($0) })
    }

    // MARK: CuDNN

    /// The arrays of a layer as Keras's plain layers have them: a recurrent layer with two biases one
    /// after the other is of CuDNN's layout, whose matrices stand turned within their own shape.
    private static func plain(
      _ arrays: [(name: String, tensor: StoredTensor)]
    ) -> [(name: String, tensor: StoredTensor)] {
      guard arrays.count == 3, arrays[0].tensor.shape.count == 2, arrays[1].tensor.shape.count == 2,
        case (let inputs, let width, let units) = (
          arrays[0].tensor.shape[0], arrays[0].tensor.shape[1], arrays[1].tensor.shape[0]
        ), units > 0, width == 4 * units, arrays[1].tensor.shape == [units, width],
        arrays[2].tensor.shape == [2 * width]
      else { return arrays }
      /// Element (row, column) of each gate's part of `x` from another place of that part.
      func turned(
        _ x: StoredTensor, _ rows: Int, _ source: (_ row: Int, _ column: Int) -> (Int, Int)
      ) -> StoredTensor {
        var values = x.values
        for gate in 0..<4 {
          for row in 0..<rows {
            for column in 0..<units {
              let (from, part) = source(row, column)
              values[row * width + gate * units + column] =
                x.values[from * width + gate * units + part]
            }
          }
        }
        return StoredTensor(shape: x.shape, values: values)
      }
      let kernel = turned(arrays[0].tensor, inputs) { row, column in
        let place = column * inputs + row
        return (place / units, place % units)
      }
      let recurrent = turned(arrays[1].tensor, units) { ($1, $0) }
      let biases = arrays[2].tensor.values
      let bias = StoredTensor(
        shape: [width], values: (0..<width).map { biases[$0] + biases[width + $0] })
      return [
        (arrays[0].name, kernel), (arrays[1].name, recurrent), (arrays[2].name, bias),
      ]
    }
  }
#endif
