import InferenceProtocol

/// The document of the interface (OpenAPI 3.1), made of the addresses themselves.
struct OpenAPI {
  let json: JSONValue

  init(_ routes: [Route]) {
    var paths: [(name: String, value: JSONValue)] = []
    for route in routes {
      let operation = (name: route.method.rawValue.lowercased(), value: Self.operation(route))
      if let place = paths.firstIndex(where: { $0.name == route.path }),
        case .object(let former) = paths[place].value
      {
        paths[place].value = .object(former + [operation])
      } else {
        paths.append((route.path, .object([operation])))
      }
    }
    json = [
      "openapi": "3.1.0",
      "info": [
        "title": "recurrent-server", "version": .string(InferenceServer.version),
        "description":
          "Recurrent networks by the Open Inference Protocol, and in the words of their jobs.",
      ],
      "paths": .object(paths),
      "components": [
        "securitySchemes": [
          "bearer": ["type": "http", "scheme": "bearer"],
          "key": ["type": "apiKey", "in": "header", "name": "X-API-Key"],
        ],
        "schemas": [
          "Error": [
            "type": "object", "required": ["error"], "properties": ["error": ["type": "string"]],
          ]
        ],
      ],
      "security": [[:], ["bearer": []], ["key": []]],
    ]
  }

  private static func operation(_ route: Route) -> JSONValue {
    let failure: JSONValue = [
      "description": "What is wrong.",
      "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
    ]
    var good: [(name: String, value: JSONValue)] = [("description", .string(route.summary))]
    if route.status != .noContent {
      good.append(("content", .member(route.mediaType, [:])))
    }
    var members: [(name: String, value: JSONValue)] = [
      ("summary", .string(route.summary)),
      (
        "responses",
        .object([("\(route.status.code)", .object(good)), ("4XX", failure), ("5XX", failure)])
      ),
    ]
    if !route.parameters.isEmpty {
      members.append(
        (
          "parameters",
          .array(
            route.parameters.map {
              [
                "name": .string($0), "in": "path", "required": true,
                "schema": ["type": "string", "minLength": 1],
              ]
            })
        ))
    }
    switch route.body {
    case .json(let schema)?:
      members.append(("requestBody", ["content": ["application/json": ["schema": schema]]]))
    case .bytes(let type)?:
      members.append(("requestBody", ["required": true, "content": .member(type, [:])]))
    case nil: break
    }
    return .object(members)
  }
}
