import HummingbirdCore
import HummingbirdTLS
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
    let chain = try NIOSSLCertificate.fromPEMFile(certificate)
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
    tls.minimumTLSVersion = .tlsv12
    return try .tls(plain, tlsConfiguration: tls)
  }
}
