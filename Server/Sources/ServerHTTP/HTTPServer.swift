import HummingbirdCore
import HummingbirdTLS
import InferenceProtocol
import NIOCore
import NIOSSL

extension InferenceServer {
  /// How connections are served.
  ///
  /// - Throws: if certificate or key cannot be read.
  func httpServer() throws -> HTTPServerBuilder {
    let (server, access, idle) = (self, access, TimeAmount(options.limits.idleTime))
    let counts = protocolRoutes().first { $0.path == "/v2/models/{model}/infer" }
      .map { RouteCounts($0, metrics) }
    let plain = HTTPServerBuilder.http1(
      configuration: .init(
        additionalChannelHandlers: [
          IdleStateHandler(allTimeout: idle) as any RemovableChannelHandler
        ]
          + (counts.map { [FastSteps(server, access, $0)] } ?? [])))
    guard let (certificate, key) = options.tls else { return plain }
    func reading<Value>(_ path: String, _ body: () throws -> Value) throws(RequestError) -> Value {
      do {
        return try body()
      } catch {
        throw RequestError(.failed, "\(path) cannot be read as PEM: \(error)")
      }
    }
    let chain = try reading(certificate) { try NIOSSLCertificate.fromPEMFile(certificate) }
    let secret = try reading(key) { try NIOSSLPrivateKey(file: key, format: .pem) }
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(secret))
    tls.minimumTLSVersion = .tlsv12
    return try .tls(plain, tlsConfiguration: tls)
  }
}
