#if HDF5
  import RecurrentCore
  import RecurrentFiles

  /// A `.keras` file: the description of the model, and its weights as an HDF5 file.
  struct KerasArchive {
    let model: KerasDescription
    let weights: [UInt8]

    init(_ bytes: [UInt8], source: String) throws(DataError) {
      let archive = try ZipArchive(
        bytes, source: source, advice: "The file is damaged or not one of Keras 3")
      func contents(_ name: String) throws(DataError) -> [UInt8] {
        guard let entry = archive.entries.first(where: { $0.name == name }) else {
          throw DataError(
            file: source, problem: "holds no \(name), expected a .keras file of Keras 3")
        }
        return Array(archive.bytes[entry.data])
      }
      model = try decodeJSON(
        KerasDescription.self, from: try contents("config.json"), file: source + ", config.json")
      weights = try contents("model.weights.h5")
      guard !model.layers.isEmpty else {
        throw DataError(
          file: source, problem: "is a model of class \(quoted(model.kind)), which lists no layers",
          advice: "Save np.savez(\"weights.npz\", *model.get_weights()) where the model is")
      }
    }
  }

  /// A model or layer as `config.json` describes it.
  struct KerasDescription: Decodable {
    private(set) var kind = ""
    private var name: String?
    /// Of a model.
    private(set) var layers: [KerasDescription] = []
    /// Of a wrapper the layer in it, and of `Bidirectional` that of the other direction, if it is told; one at most.
    private var inner: [KerasDescription] = []
    private var backward: [KerasDescription] = []
    private var mergeMode: String?
    private var settings = KerasLayerSettings.Config()

    private enum Keys: String, CodingKey {
      case kind = "class_name"
      case config
    }

    private enum ConfigKeys: String, CodingKey {
      case name, layers, layer
      case backward = "backward_layer"
      case mergeMode = "merge_mode"
    }

    init(from decoder: any Decoder) throws {
      let outer = try decoder.container(keyedBy: Keys.self)
      kind = try outer.decode(String.self, forKey: .kind)
      // A setting of another form than a layer's own is none that is checked.
      settings = (try? outer.decode(KerasLayerSettings.Config.self, forKey: .config)) ?? settings
      let config = try outer.nestedContainer(keyedBy: ConfigKeys.self, forKey: .config)
      name = try? config.decodeIfPresent(String.self, forKey: .name)
      mergeMode = try? config.decodeIfPresent(String.self, forKey: .mergeMode)
      layers = try config.decodeIfPresent([KerasDescription].self, forKey: .layers) ?? []
      inner = try config.decodeIfPresent(KerasDescription.self, forKey: .layer).map { [$0] } ?? []
      backward =
        try config.decodeIfPresent(KerasDescription.self, forKey: .backward).map { [$0] } ?? []
    }

    /// A layer that may have weights, and where they stand in the file.
    struct Placed {
      var group: String
      var path: String
      var kind: String
      var mergeMode: String?
      var settings: KerasLayerSettings.Config
    }

    /// The layers of a model, from the input up, whose groups stand in `group`. Keras names the groups by class, and
    /// numbers those after the first.
    func placed(in group: String, path: String = "") -> [Placed] {
      var seen: [String: Int] = [:]
      return layers.flatMap { layer -> [Placed] in
        let name = Self.snakeCase(layer.kind)
        let number = seen[name, default: 0]
        seen[name] = number + 1
        return layer.parts(
          of: group + "/" + name + (number == 0 ? "" : "_\(number)"), path: path, mergeMode: nil)
      }
    }

    private func parts(of group: String, path: String, mergeMode: String?) -> [Placed] {
      let path = (path.isEmpty ? "" : path + "/") + (name ?? kind)
      if !layers.isEmpty { return placed(in: group + "/layers", path: path) }
      switch kind {
      case "Bidirectional":
        return inner.flatMap {
          $0.parts(of: group + "/forward_layer", path: path, mergeMode: self.mergeMode)
        }
          + (backward.isEmpty ? inner : backward).flatMap {
            $0.parts(of: group + "/backward_layer", path: path, mergeMode: self.mergeMode)
          }
      case "TimeDistributed":
        return inner.flatMap { $0.parts(of: group + "/layer", path: path, mergeMode: mergeMode) }
      default:
        return [
          Placed(group: group, path: path, kind: kind, mergeMode: mergeMode, settings: settings)
        ]
      }
    }

    /// The name of a class as Keras writes it for a group: `TimeDistributed` as `time_distributed`, `LSTM` as `lstm`.
    private static func snakeCase(_ name: String) -> String {
      let letters = Array(name.filter { $0.isLetter || $0.isNumber || $0 == "_" })
      var result = ""
      for (index, letter) in letters.enumerated() {
        let before = index > 0 ? letters[index - 1] : nil
        let after = index + 1 < letters.count ? letters[index + 1] : nil
        if letter.isUppercase, let before,
          before.isLowercase || before.isNumber || after?.isLowercase ?? false, before != "_"
        {
          result += "_"
        }
        result += letter.lowercased()
      }
      return result
    }
  }
#endif
