import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

// A stream, step by step: StepClient http://127.0.0.1:8000/v2/models/lstm 0.5,-1 0.25,2
let arguments = CommandLine.arguments.dropFirst()
guard let address = arguments.first.flatMap({ URL(string: $0 + "/infer") }) else { exit(64) }
for (index, values) in arguments.dropFirst().enumerated() {
  var request = URLRequest(url: address)
  request.httpMethod = "POST"
  let count = values.split(separator: ",").count
  request.httpBody = Data(
    """
    {"parameters":{"sequence_id":"swift","sequence_start":\(index == 0)},
     "inputs":[{"name":"x","shape":[1,1,\(count)],"datatype":"FP32","data":[\(values)]}]}
    """.utf8)
  let (answer, _) = try await URLSession.shared.data(for: request)
  print(String(decoding: answer, as: UTF8.self))
}
