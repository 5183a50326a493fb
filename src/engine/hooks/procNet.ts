import net from 'node:net';

/** A listening TCP socket of /proc/net/tcp or tcp6. */
export interface Listener {
  /** As the kernel writes it: hexadecimal, each 32 bits in the byte order of the machine (little endian). */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** Lines `sl local_address rem_address st … uid timeout inode`; those of other states are to be left out before. */
export function parseListeners(lines: readonly string[]): Listener[] {
  return lines.flatMap(line => {
    const fields = line.trim().split(/\s+/);
    const [address, port] = fields[1]?.split(':') ?? [];
    const inode = fields[9];
    return address && port && inode ? [{ address, port: parseInt(port, 16), inode }] : [];
  });
}

/** Whether a connection to one of the addresses and the port ends there. Without addresses every one counts. */
export function accepts({ address, port }: Listener, wanted: number, addresses: readonly string[]): boolean {
  if (port !== wanted) return false;
  return addresses.length === 0 || /^0+$/.test(address) || addresses.flatMap(kernelForms).includes(address);
}

/** For grep -E: the lines of /proc/net/tcp and tcp6 that `accepts` is true of. */
export function listenerPattern(port: number, addresses: readonly string[]): string {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const forms = addresses.length === 0 ? '[0-9A-F]+' : ['0+', ...addresses.flatMap(kernelForms)].join('|');
  return ` (${forms}):${hex} [0-9A-F]+:[0-9A-F]+ 0A `;
}

/** An IPv4 address may also be bound by its IPv6 form. What is no address gives none. */
function kernelForms(ip: string): string[] {
  if (net.isIPv4(ip)) {
    const word = littleEndian(ip.split('.').map(Number));
    return [word, `0000000000000000FFFF0000${word}`];
  }
  if (!net.isIPv6(ip)) return [];
  const bytes = ipv6Bytes(ip.replace(/%.*$/, ''));
  return [[0, 4, 8, 12].map(at => littleEndian(bytes.slice(at, at + 4))).join('')];
}

function littleEndian(bytes: readonly number[]): string {
  return [...bytes].reverse().map(byte => byte.toString(16).toUpperCase().padStart(2, '0')).join(''); // prettier-ignore
}

function ipv6Bytes(ip: string): number[] {
  const groups = (text: string): number[] =>
    text.split(':').filter(Boolean).flatMap(group => {
      if (group.includes('.')) return group.split('.').map(Number);
      const value = parseInt(group, 16);
      return [value >> 8, value & 255];
    }); // prettier-ignore
  const [head = '', tail] = ip.split('::');
  const [before, after] = [groups(head), groups(tail ?? '')];
  return [...before, ...Array.from({ length: 16 - before.length - after.length }, () => 0), ...after];
}
