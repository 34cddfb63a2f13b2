import HummingbirdCore
import HummingbirdTLS
import NIOCore
import NIOSSL

extension InferenceServer {
  /// How connections are served.
  ///
  /// - Throws: if certificate or key cannot be read.
  func httpServer() throws -> HTTPServerBuilder {
    let plain = HTTPServerBuilder.http1(
      configuration: .init(idleTimeout: TimeAmount(options.limits.idleTime)))
    guard let (certificate, key) = options.tls else { return plain }
    let chain = try NIOSSLCertificate.fromPEMFile(certificate)
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
    tls.minimumTLSVersion = .tlsv12
    return try .tls(plain, tlsConfiguration: tls)
  }
}
