import InferenceProtocol
import Testing

@Suite struct InferRequestTests {
  private func request(_ text: String, binary: [UInt8] = [], header: Int? = nil)
    throws(RequestError)
    -> InferRequest
  {
    let json = Array(text.utf8)
    return try InferRequest(
      body: json + binary, headerLength: header ?? (binary.isEmpty ? nil : json.count))
  }

  @Test func membersInAnyOrderAndNestedData() throws {
    let request = try request(
      #"""
      {"outputs":[{"name":"y","parameters":{"binary_data":true}}],"x":{"y":[1]},
       "inputs":[{"data":[[1,2],[3,4.5]],"shape":[2,2],"datatype":"FP32","name":"a"},
                 {"name":"b","datatype":"BYTES","shape":[2],"data":["é",""]},
                 {"name":"c","datatype":"BOOL","shape":[1,1],"data":[[true]]}],
       "parameters":{"sequence_id":"s","sequence_start":true,"beam":3}, "id":"7"}
      """#)
    #expect(request.inputs[0] == WireTensor("a", floats: [1, 2, 3, 4.5], shape: [2, 2]))
    #expect(request.inputs[1] == WireTensor("b", texts: ["é", ""]))
    #expect(request.inputs[2] == WireTensor("c", .bool, [1, 1], .integers([1])))
    #expect(request.sequence == .init(id: .text("s"), starts: true, ends: false))
    #expect((request.id, request.parameters) == ("7", ["beam": 3]))
    #expect((request.outputs[0].name, request.outputs[0].isBinary) == ("y", true))
  }

  @Test(arguments: [
    ("{}", "no inputs"), ("[]", "expected an object"),
    (#"{"inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[1]}]}"#, "1 elements"),
    (#"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1,2]}]}"#, "more than the 1"),
    (#"{"inputs":[{"name":"x","shape":[0],"datatype":"FP32","data":[]}]}"#, "size 0"),
    (#"{"inputs":[{"name":"x","shape":[-1],"datatype":"FP32","data":[]}]}"#, "size -1"),
    (
      #"{"inputs":[{"name":"x","shape":[4294967296,4294967296,4],"datatype":"FP32","data":[1]}]}"#,
      "more elements than there can be"
    ),
    (
      #"{"inputs":[{"name":"x","shape":[4294967296],"datatype":"FP32","data":[1]}]}"#,
      "1 elements, but its shape"
    ),
    (#"{"inputs":[{"name":"x","shape":[1],"datatype":"FP31","data":[1]}]}"#, "FP31"),
    (#"{"inputs":[{"name":"x","shape":[1],"datatype":"UINT8","data":[256]}]}"#, "in 0...255"),
    (
      #"{"inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[9223372036854775808]}]}"#,
      "64 bits"
    ),
    (#"{"inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[1.5]}]}"#, "whole"),
    (#"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":["1"]}]}"#, "expected a value"),
    (#"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1e39]}]}"#, "32 bits"),
    (#"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32"}]}"#, "neither"),
    (#"{"inputs":[{"shape":[1],"datatype":"FP32","data":[1]}]}"#, "no name"),
    (#"{"inputs":[],"parameters":{"sequence_start":true}}"#, "belong to a sequence_id"),
    (#"{"inputs":[],"parameters":{"sequence_id":-1}}"#, "at least 0"),
    (#"{"inputs":[],"parameters":{"sequence_id":1.5}}"#, "whole"),
    (
      #"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","parameters":{"binary_data_size":4}}]}"#,
      "0 bytes are left"
    ),
    (
      #"{"inputs":[{"name":"x","shape":[1],"datatype":"BOOL","data":[true]},{"name":"x","shape":[1],"datatype":"BOOL","data":[true]}]}"#,
      "there twice"
    ),
  ]) func isRefused(_ text: String, _ words: String) {
    let error = #expect(throws: RequestError.self) { try request(text) }
    #expect(error?.kind == .malformed)
    #expect(error?.message.contains(words) ?? false, "\(error?.message ?? "")")
  }

  @Test func binaryOfEveryType() throws {
    // numpy: np.array([1.5, -2], dtype).tobytes(), and the like.
    let cases: [(DataType, [UInt8], WireTensor.Elements)] = [
      (.float32, [0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0], .floats([1.5, -2])),
      (.float16, [0, 0x3E, 0, 0xC0], .floats([1.5, -2])),
      (.bfloat16, [0xC0, 0x3F, 0, 0xC0], .floats([1.5, -2])),
      (.float64, [0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0], .doubles([1.5, -2])),
      (.int8, [1, 0xFE], .integers([1, -2])), (.uint8, [1, 0xFE], .integers([1, 254])),
      (.int16, [1, 0, 0xFE, 0xFF], .integers([1, -2])),
      (.uint16, [1, 0, 0xFE, 0xFF], .integers([1, 65534])),
      (.int32, [1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF], .integers([1, -2])),
      (.uint32, [1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF], .integers([1, 4_294_967_294])),
      (.bool, [1, 0], .integers([1, 0])),
      (.bytes, [2, 0, 0, 0, 0xC3, 0xA9, 0, 0, 0, 0], .bytes([[0xC3, 0xA9], []])),
    ]
    for (type, bytes, elements) in cases {
      let header =
        #"{"inputs":[{"name":"x","shape":[2],"datatype":"\#(type.rawValue)","parameters":{"binary_data_size":\#(bytes.count)}}]}"#
      let read = try request(header, binary: bytes)
      #expect(read.inputs == [WireTensor("x", type, [2], elements)])
      // And out again.
      var asking = InferRequest()
      asking.isBinary = true
      let (body, length) = try InferAnswer(model: "m", version: "1", outputs: read.inputs)
        .body(for: asking)
      #expect(Array(body[(length ?? 0)...]) == bytes, "\(type)")
      #expect(throws: RequestError.self) {
        try request(
          header.replacing("\(bytes.count)}", with: "\(bytes.count - 1)}"),
          binary: Array(bytes.dropLast()))
      }
      #expect(throws: RequestError.self) { try request(header, binary: bytes + [0]) }
    }
  }

  /// All 65,536 numbers of 16 bits and back.
  @Test func halvesComeBack() throws {
    var bytes: [UInt8] = []
    for bits in 0..<65536 where bits & 0x7C00 != 0x7C00 {
      bytes += [UInt8(bits & 255), UInt8(bits >> 8)]
    }
    let count = bytes.count / 2
    let read = try request(
      #"{"inputs":[{"name":"x","shape":[\#(count)],"datatype":"FP16","parameters":{"binary_data_size":\#(bytes.count)}}]}"#,
      binary: bytes)
    var asking = InferRequest()
    asking.isBinary = true
    let (body, length) = try InferAnswer(model: "m", version: "1", outputs: read.inputs)
      .body(for: asking)
    #expect(Array(body[(length ?? 0)...]) == bytes)
  }

  @Test func headerBeyondTheBody() {
    #expect(throws: RequestError.self) { try request("{\"inputs\":[]}", header: 100) }
    #expect(throws: RequestError.self) { try request("{\"inputs\":[]}", header: -1) }
  }
}
