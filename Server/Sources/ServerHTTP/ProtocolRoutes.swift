import HTTPTypes
import Hummingbird
import InferenceProtocol
import ModelServing

/// The Open Inference Protocol, version 2, with its extensions for binary tensors, sequences and the
/// model repository.
extension InferenceServer {
  /// Names of the extensions, as metadata tells them.
  static let extensions = ["binary_tensor_data", "sequence", "model_repository"]

  func protocolRoutes() -> [Route] {
    [
      Route(.get, "/v2/health/live", "Whether the server runs.", isOpen: true) { _ in
        Response(json: ["live": true])
      },
      Route(
        .get, "/v2/health/ready",
        "Whether the server and all models of its folder answer requests.",
        isOpen: true
      ) { _ in
        let isReady = repository.index().allSatisfy { $0.isReady || $0.reason == "not loaded" }
        return Response(
          isReady ? .ok : .serviceUnavailable, json: ["ready": .bool(isReady)])
      },
      Route(.get, "/v2", "The server's name, version and extensions.") { _ in
        Response(json: [
          "name": "recurrent-server", "version": .string(Self.version),
          "extensions": .array(Self.extensions.map { .string($0) }),
        ])
      },
      Route(
        .post, "/v2/repository/index", "The models of the folder, and whether they are loaded.",
        body: .json([
          "type": "object", "properties": ["ready": ["type": "boolean"]],
        ])
      ) { call in
        let onlyReady = try await call.json()["ready"]?.bool ?? false
        return Response(
          json: .array(
            repository.index().filter { $0.isReady || !onlyReady }.map {
              [
                "name": .string($0.name), "version": .string(ServingModel.version),
                "state": .string($0.isReady ? "READY" : "UNAVAILABLE"),
                "reason": .string($0.reason),
              ]
            }))
      },
      Route(
        .post, "/v2/repository/models/{model}/load",
        "Loads a model of the folder, also again: requests and streams that are under way go on with the former."
      ) { call in
        let name = try call.parameter("model")
        let remarks = try await queue.run { () throws(RequestError) in try repository.load(name) }
        for remark in remarks { logger.warning("\(remark)") }
        logger.info("loaded", metadata: ["model": "\(name)"])
        return Response(json: [:])
      },
      Route(
        .post, "/v2/repository/models/{model}/unload",
        "Takes a model away when the requests that are under way are answered; its streams end."
      ) { call in
        let name = try call.parameter("model")
        try repository.unload(name)
        logger.info("unloaded", metadata: ["model": "\(name)"])
        return Response(json: [:])
      },
    ] + ["", "/versions/{version}"].flatMap(modelRoutes)
  }

  private func modelRoutes(_ version: String) -> [Route] {
    let path = "/v2/models/{model}" + version
    return [
      Route(.get, path, "A model's inputs and outputs.") { call in
        let model = try model(call)
        func ports(_ ports: [TensorPort]) -> JSONValue {
          .array(
            ports.map {
              [
                "name": .string($0.name), "datatype": .string($0.datatype.rawValue),
                "shape": .array($0.shape.map { .integer(Int64($0)) }),
              ]
            })
        }
        return Response(json: [
          "name": .string(model.name), "versions": [.string(ServingModel.version)],
          "platform": .string(model.model.platform), "inputs": ports(model.model.inputs),
          "outputs": ports(model.model.outputs),
        ])
      },
      Route(.get, path + "/ready", "Whether a model answers requests.") { call in
        let model = try model(call)
        return Response(json: ["name": .string(model.name), "ready": true])
      },
      Route(
        .post, path + "/infer",
        "The outputs of a model for inputs; with sequence_id a step of a stream.",
        body: .json(Self.inferSchema)
      ) { call in
        let model = try model(call)
        let header = call.request.headers[.inferenceHeader]
        let length = header.flatMap { Int($0) }
        guard header == nil || length != nil else {
          throw RequestError(
            .malformed,
            "Inference-Header-Content-Length is \(quoted(header ?? "")), expected a number.")
        }
        let body = try await call.body()
        return try await infer(model, body: body, headerLength: length)
      },
    ]
  }

  /// The model that the path names.
  func model(_ call: Call) throws(RequestError) -> ServingModel {
    let model = try repository.model(try call.parameter("model"))
    if let version = call.context.parameters.get("version"), version != ServingModel.version {
      throw RequestError(
        .missing,
        "Model \(quoted(model.name)) has version \(ServingModel.version), not \(quoted(version)).")
    }
    return model
  }

  /// The answer to a request for inference.
  func infer(
    _ model: ServingModel, body: [UInt8], headerLength: Int?
  ) async throws(RequestError) -> Response {
    // Reading what is long takes long.
    let request =
      body.count < 1 << 16
      ? try InferRequest(body: body, headerLength: headerLength)
      : try await queue.run { () throws(RequestError) in
        try InferRequest(body: body, headerLength: headerLength)
      }
    let outputs: [WireTensor]
    if let sequence = request.sequence {
      let step =
        model.hasShortSteps
        ? try model.step(request, of: sequence)
        : try await queue.run { () throws(RequestError) in try model.step(request, of: sequence) }
      try await step.written?.wait()
      outputs = step.outputs
    } else {
      outputs = try await queue.infer(request, by: model)
    }
    return try Self.response(outputs, of: model, for: request)
  }

  static func response(
    _ outputs: [WireTensor], of model: ServingModel, for request: InferRequest
  ) throws(RequestError) -> Response {
    let answer = InferAnswer(
      model: model.name, version: ServingModel.version, id: request.id, outputs: outputs)
    let (bytes, headerLength) = try answer.body(for: request)
    var response = Response(
      bytes: bytes,
      mediaType: headerLength == nil ? "application/json" : "application/octet-stream")
    if let headerLength { response.headers[.inferenceHeader] = "\(headerLength)" }
    return response
  }

  private static let inferSchema: JSONValue = [
    "type": "object", "required": ["inputs"],
    "properties": [
      "id": ["type": "string"],
      "parameters": [
        "type": "object",
        "properties": [
          "sequence_id": ["type": ["integer", "string"], "minimum": 0, "maxLength": 128],
          "sequence_start": ["type": "boolean"], "sequence_end": ["type": "boolean"],
          "binary_data_output": ["type": "boolean"],
        ],
      ],
      "inputs": [
        "type": "array",
        "items": [
          "type": "object", "required": ["name", "datatype", "shape"],
          "properties": [
            "name": ["type": "string"],
            "datatype": [
              "type": "string", "enum": .array(DataType.allCases.map { .string($0.rawValue) }),
            ],
            "shape": ["type": "array", "items": ["type": "integer", "minimum": 1]],
            "data": ["type": "array"],
            "parameters": [
              "type": "object",
              "properties": ["binary_data_size": ["type": "integer", "minimum": 0]],
            ],
          ],
        ],
      ],
      "outputs": [
        "type": "array",
        "items": [
          "type": "object", "required": ["name"],
          "properties": [
            "name": ["type": "string"],
            "parameters": [
              "type": "object", "properties": ["binary_data": ["type": "boolean"]],
            ],
          ],
        ],
      ],
    ],
  ]
}
