import HTTPTypes
import InferenceProtocol
import ModelServing

/// What its messages hold.
extension FastSteps {
  /// The model of `/v2/models/NAME/infer`, where the name is plain.
  static func modelName(_ path: String) -> String? {
    let (front, back) = ("/v2/models/", "/infer")
    guard path.hasPrefix(front), path.hasSuffix(back),
      path.utf8.count > front.utf8.count + back.utf8.count
    else { return nil }
    let name = path.utf8.dropFirst(front.utf8.count).dropLast(back.utf8.count)
    guard name.allSatisfy({ $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "%") }) else {
      return nil
    }
    return String(Substring(name))
  }

  /// The fields and the body of an answer.
  static func encoded(
    _ outputs: [WireTensor], _ asked: InferRequest, _ model: ServingModel
  ) throws(RequestError) -> (fields: HTTPFields, bytes: [UInt8]) {
    let answer = InferAnswer(
      model: model.name, version: ServingModel.version, id: asked.id, outputs: outputs)
    let (bytes, headerLength) = try answer.body(for: asked)
    var fields: HTTPFields = [
      .contentType: headerLength == nil ? "application/json" : "application/octet-stream"
    ]
    if let headerLength { fields[.inferenceHeader] = "\(headerLength)" }
    return (fields, bytes)
  }

  /// The body that tells of an error.
  static func body(of error: RequestError) -> [UInt8] {
    let body: JSONValue = ["error": .string(error.message)]
    return body.text
  }
}
