/// What a pickle of Python holds, as far as files of PyTorch need it: numbers, texts, lists,
/// dictionaries and tensors.
///
/// Containers have numbers, by which values name them, so that a file may nest them as deep as it
/// likes, or in a circle, and nothing here follows it there.
struct Pickle {
  enum Value {
    case none
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    /// Elements, or keys and values by turns, stand at this place of ``Pickle/containers``.
    case list(Int)
    case tuple(Int)
    case dictionary(Int)
    /// A class or function of Python, by name; nothing but a name.
    case global(String)
    indirect case tensor(Tensor)
    indirect case storage(Storage)
  }

  /// Numbers that lie elsewhere in the file.
  struct Storage {
    var key: String
    /// Nil: untyped, in bytes.
    var elementType: PyTorchFile.ElementType?
    /// The number of elements that the storage is said to have.
    var count: Int64
    /// The element of the storage that a view begins with.
    var start: Int64 = 0
  }

  /// A tensor: how it looks at a storage.
  struct Tensor {
    var storage: Storage
    var offset: Int64
    var shape: [Int64]
    var strides: [Int64]
  }

  /// What is wrong with the bytes, and where.
  struct Failure: Error {
    var offset: Int
    var problem: String
    var advice: String?
  }

  private(set) var containers: [[Value]] = []
  private(set) var value = Value.none

  private let bytes: [UInt8]
  /// The place behind what was read.
  private(set) var position: Int
  private let end: Int
  private var stack: [Value] = []
  private var marks: [Int] = []
  private var memo: [Int: Value] = [:]

  /// Of one pickle: a checkpoint of ten thousand tensors has half a million.
  private static let mostSteps = 4_000_000

  /// Reads the pickle that begins at the start of `range`, up to its end; what follows stays unread.
  init(_ bytes: [UInt8], _ range: Range<Int>) throws(Failure) {
    (self.bytes, position, end) = (bytes, range.lowerBound, range.upperBound)
    var steps = 0
    while try !step() {
      steps += 1
      guard steps <= Self.mostSteps else {
        throw Failure(offset: position, problem: "has more than \(Self.mostSteps) instructions")
      }
    }
    value = try pop()
  }

  // MARK: Opcodes

  /// Runs one opcode; true at the end of the program.
  private mutating func step() throws(Failure) -> Bool {
    let start = position
    let code = UInt8(truncatingIfNeeded: try number(1))
    switch code {
    case 0x80:  // PROTO
      let version = try number(1)
      guard (2...5).contains(version) else {
        throw Failure(
          offset: start, problem: "found version \(version) of pickles, expected 2 to 5")
      }
    case 0x95: _ = try number(8)  // FRAME
    case UInt8(ascii: "."): return true
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "1"): _ = try popMarked()
    case UInt8(ascii: "2"): stack.append(try top())
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88, 0x89: stack.append(.bool(code == 0x88))
    case UInt8(ascii: "K"): stack.append(.integer(Int64(try number(1))))
    case UInt8(ascii: "M"): stack.append(.integer(Int64(try number(2))))
    case UInt8(ascii: "J"):
      stack.append(.integer(Int64(Int32(truncatingIfNeeded: try number(4)))))
    case 0x8A: stack.append(.integer(try long()))
    case UInt8(ascii: "G"): stack.append(.number(Double(bitPattern: try number(8).byteSwapped)))
    case UInt8(ascii: "X"), UInt8(ascii: "T"), UInt8(ascii: "B"): stack.append(try text(4))
    case 0x8C, UInt8(ascii: "U"), UInt8(ascii: "C"): stack.append(try text(1))
    case 0x8D, 0x8E: stack.append(try text(8))
    case UInt8(ascii: ")"): stack.append(.tuple(made([])))
    case UInt8(ascii: "]"): stack.append(.list(made([])))
    case UInt8(ascii: "}"): stack.append(.dictionary(made([])))
    case 0x85, 0x86, 0x87:
      var items: [Value] = []
      for _ in 0..<Int(code - 0x84) { items.insert(try pop(), at: 0) }
      stack.append(.tuple(made(items)))
    case UInt8(ascii: "t"): stack.append(.tuple(made(try popMarked())))
    case UInt8(ascii: "l"): stack.append(.list(made(try popMarked())))
    case UInt8(ascii: "d"): stack.append(.dictionary(made(try popMarked())))
    case UInt8(ascii: "a"): try extend([try pop()])
    case UInt8(ascii: "e"): try extend(try popMarked())
    case UInt8(ascii: "s"):
      let item = try pop()
      try extend([try pop(), item])
    case UInt8(ascii: "u"): try extend(try popMarked())
    case UInt8(ascii: "q"): memo[Int(try number(1))] = try top()
    case UInt8(ascii: "r"): memo[Int(try number(4))] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "h"): stack.append(try remembered(Int(try number(1))))
    case UInt8(ascii: "j"): stack.append(try remembered(Int(try number(4))))
    case UInt8(ascii: "c"): stack.append(try global(try line() + "." + (try line())))
    case 0x93:
      guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
        throw Failure(offset: start, problem: "found a name that is no text")
      }
      stack.append(try global(module + "." + name))
    case UInt8(ascii: "Q"): stack.append(.storage(try storage(try pop())))
    case UInt8(ascii: "R"): try call()
    case 0x81: try makeObject()
    case UInt8(ascii: "b"): try build()
    default:
      throw Failure(
        offset: start,
        problem: "found the instruction 0x\(String(code, radix: 16)), which a file of tensors does "
          + "not need",
        advice: "Nothing of a file is ever run here; load it in Python, if you trust who wrote it, "
          + "and save its state_dict() alone")
    }
    return false
  }

  private mutating func number(_ size: Int) throws(Failure) -> UInt64 {
    guard end - position >= size else { throw Failure(offset: position, problem: "ends too soon") }
    defer { position += size }
    return bytes.littleEndian(at: position, size: size)
  }

  /// A whole number of any length, of which those of 64 bits and the longer ones that mark a file
  /// are read; others become the nearest.
  private mutating func long() throws(Failure) -> Int64 {
    let size = Int(try number(1))
    guard end - position >= size else { throw Failure(offset: position, problem: "ends too soon") }
    defer { position += size }
    guard size > 0 else { return 0 }
    let isNegative = bytes[position + size - 1] >= 0x80
    if size > 8 { return isNegative ? .min : .max }
    let bits = bytes.littleEndian(at: position, size: size)
    let unused = UInt64(64 - 8 * size)
    return Int64(bitPattern: bits << unused) >> Int64(unused)
  }

  private mutating func text(_ sizeBytes: Int) throws(Failure) -> Value {
    let size = try number(sizeBytes)
    guard size <= UInt64(end - position) else {
      throw Failure(offset: position, problem: "found a text of \(size) bytes, beyond the end")
    }
    defer { position += Int(size) }
    return .text(String(decoding: bytes[position..<position + Int(size)], as: UTF8.self))
  }

  private mutating func line() throws(Failure) -> String {
    let start = position
    while position < end, bytes[position] != UInt8(ascii: "\n") { position += 1 }
    guard position < end else { throw Failure(offset: start, problem: "ends within a name") }
    defer { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  // MARK: Stack and containers

  private func top() throws(Failure) -> Value {
    guard let last = stack.last, stack.count > marks.last ?? 0 else {
      throw Failure(offset: position, problem: "takes from an empty stack")
    }
    return last
  }

  private mutating func pop() throws(Failure) -> Value {
    let last = try top()
    stack.removeLast()
    return last
  }

  private mutating func popMarked() throws(Failure) -> [Value] {
    guard let mark = marks.popLast() else {
      throw Failure(offset: position, problem: "takes back to a mark that is not there")
    }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func made(_ items: [Value]) -> Int {
    containers.append(items)
    return containers.count - 1
  }

  private func remembered(_ index: Int) throws(Failure) -> Value {
    if let value = memo[index] { return value }
    throw Failure(offset: position, problem: "names value \(index), which was not kept")
  }

  private mutating func extend(_ items: [Value]) throws(Failure) {
    switch try top() {
    case .list(let place), .dictionary(let place): containers[place] += items
    default: throw Failure(offset: position, problem: "adds to what is no list or dictionary")
    }
  }

  /// The elements of a list or tuple.
  func items(_ value: Value) -> [Value]? {
    switch value {
    case .list(let place), .tuple(let place): containers[place]
    default: nil
    }
  }

  // MARK: What stands for Python

  private static let known: Set = [
    "collections.OrderedDict", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3",
    "torch._utils._rebuild_parameter", "torch.Size", "torch.device", "torch.storage.UntypedStorage",
    "torch.jit._pickle.build_intlist", "torch.jit._pickle.build_doublelist",
    "torch.jit._pickle.build_boollist", "torch.jit._pickle.build_tensorlist",
    "torch.jit._pickle.restore_type_tag",
  ]

  /// A name that is known; any other is refused.
  private func global(_ name: String) throws(Failure) -> Value {
    let isStorage = name.hasPrefix("torch.") && PyTorchFile.ElementType(name: name) != nil
    if Self.known.contains(name) || isStorage || name.hasPrefix("__torch__.") {
      return .global(name)
    }
    throw Failure(
      offset: position,
      problem: "found \(name.shown) of Python, expected nothing but tensors, dictionaries, lists, "
        + "numbers and texts",
      advice:
        "Nothing of a file is ever run here; load it in Python, if you trust who wrote it, and "
        + "save its state_dict() alone")
  }

  /// ('storage', type, key, device, count), in older files with a view (key, start, count) behind.
  private func storage(_ value: Value) throws(Failure) -> Storage {
    guard let parts = items(value), parts.count >= 5, case .text("storage") = parts[0],
      case .global(let type) = parts[1], case .text(let key) = parts[2],
      case .integer(let count) = parts[4]
    else { throw Failure(offset: position, problem: "found a storage of another form") }
    var storage = Storage(
      key: key, elementType: PyTorchFile.ElementType(name: type), count: count)
    if parts.count > 5, let view = items(parts[5]), view.count == 3,
      case .integer(let start) = view[1]
    {
      storage.start = start
    }
    return storage
  }

  private mutating func call() throws(Failure) {
    guard let arguments = items(try pop()), case .global(let name) = try pop() else {
      throw Failure(offset: position, problem: "found a call of another form")
    }
    switch (name, arguments.first) {
    case ("collections.OrderedDict", nil): stack.append(.dictionary(made([])))
    case ("collections.OrderedDict", let pairs?):
      var entries: [Value] = []
      for pair in items(pairs) ?? [] {
        guard let pair = items(pair), pair.count == 2 else {
          throw Failure(offset: position, problem: "found a dictionary of other than pairs")
        }
        entries += pair
      }
      stack.append(.dictionary(made(entries)))
    case ("torch._utils._rebuild_tensor_v2", _), ("torch._utils._rebuild_tensor_v3", _):
      stack.append(.tensor(try tensor(arguments, isTyped: name.hasSuffix("v3"))))
    case ("torch._utils._rebuild_parameter", let value?), ("torch.Size", let value?),
      ("torch.device", let value?):
      stack.append(value)
    case (_, let value?) where name.hasPrefix("torch.jit._pickle."): stack.append(value)
    default: throw Failure(offset: position, problem: "found a call of \(name.shown)")
    }
  }

  private func tensor(_ arguments: [Value], isTyped: Bool) throws(Failure) -> Tensor {
    func sizes(_ value: Value) -> [Int64]? {
      items(value)?.reduce(into: [Int64]()) { sizes, item in
        if case .integer(let size) = item { sizes?.append(size) } else { sizes = nil }
      }
    }
    guard arguments.count >= 4, case .storage(var storage) = arguments[0],
      case .integer(let offset) = arguments[1], let shape = sizes(arguments[2]),
      let strides = sizes(arguments[3]), shape.count == strides.count
    else { throw Failure(offset: position, problem: "found a tensor of another form") }
    if isTyped, arguments.count > 6, case .global(let type) = arguments[6] {
      storage.elementType = PyTorchFile.ElementType(name: type)
    }
    return Tensor(storage: storage, offset: offset, shape: shape, strides: strides)
  }

  /// An object of TorchScript: its members will be a dictionary.
  private mutating func makeObject() throws(Failure) {
    _ = try pop()
    guard case .global(let name) = try pop(),
      name.hasPrefix("__torch__.") || name == "collections.OrderedDict"
    else { throw Failure(offset: position, problem: "found an object of another kind") }
    stack.append(.dictionary(made([])))
  }

  /// The members of an object; a dictionary of Python has some besides its entries, which nobody
  /// needs.
  private mutating func build() throws(Failure) {
    let state = try pop()
    guard case .dictionary(let place) = try top() else {
      throw Failure(offset: position, problem: "found members of what is no object")
    }
    if case .dictionary(let members) = state, containers[place].isEmpty, members != place {
      containers[place] = containers[members]
    }
  }
}
