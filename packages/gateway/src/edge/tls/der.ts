/** The little of DER (X.690) that an extension needs which the certificate library does not make. */

/** `length` must stay below 128. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer<ArrayBuffer> {
  const body = Buffer.concat(parts);
  if (body.length > 127) throw new Error(`a DER value of ${body.length} bytes needs a long length`);
  return Buffer.concat([Buffer.from([tag, body.length]), body]);
}

/** Only these DNS names and what lies below them; no IP address at all (RFC 5280 §4.2.1.10). */
export function nameConstraints(permitted: readonly string[]): Buffer<ArrayBuffer> {
  const [sequence, permittedTag, excludedTag, dnsName, address] = [0x30, 0xa0, 0xa1, 0x82, 0x87];
  const names = permitted.map((name) => der(sequence, der(dnsName, Buffer.from(name, "latin1"))));
  // All of IPv4 and of IPv6: address and mask of zeros.
  const addresses = [8, 32].map((size) => der(sequence, der(address, Buffer.alloc(size))));
  return der(sequence, der(permittedTag, ...names), der(excludedTag, ...addresses));
}
