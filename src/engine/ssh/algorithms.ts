import type { Algorithms, AlgorithmList } from 'ssh2';

/** What ssh2 1.17 can speak, the default first: an unknown name would make it throw, ssh(1) would refuse it as well. */
const SUPPORTED = {
  // nistp256 before curve25519, as safe: OpenSSH computes the one with OpenSSL, the other with C code that is far slower.
  kex: [
    'ecdh-sha2-nistp256',
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group15-sha512',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group17-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group-exchange-sha1',
    'diffie-hellman-group14-sha1',
    'diffie-hellman-group1-sha1',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'aes256-cbc',
    'aes192-cbc',
    'aes128-cbc',
    '3des-cbc',
  ],
  hmac: [
    'hmac-sha2-256-etm@openssh.com',
    'hmac-sha2-512-etm@openssh.com',
    'hmac-sha1-etm@openssh.com',
    'hmac-sha2-256',
    'hmac-sha2-512',
    'hmac-sha1',
  ],
  serverHostKey: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
    'ssh-rsa',
    'ssh-dss',
  ],
} as const;

/** Not offered unless asked for. */
const WEAK = /sha1$|-cbc$|^ssh-dss$/;

type Kind = keyof typeof SUPPORTED;

const KEYWORDS: Readonly<Record<Kind, string>> = {
  kex: 'kexalgorithms',
  cipher: 'ciphers',
  hmac: 'macs',
  serverHostKey: 'hostkeyalgorithms',
};

function standard(kind: Kind): string[] {
  return SUPPORTED[kind].filter(name => !WEAK.test(name) || name === 'hmac-sha1');
}

/**
 * KexAlgorithms, Ciphers, MACs and HostKeyAlgorithms with ssh_config(5)'s `+`, `-` and `^`. Names that are not spoken here are left
 * out; what then is empty stays at the default.
 */
export function algorithmsOf(setting: (name: string) => string | undefined): Algorithms {
  const found: Partial<Record<Kind, string[]>> = { kex: standard('kex') };
  for (const kind of Object.keys(SUPPORTED) as Kind[]) {
    const text = setting(KEYWORDS[kind]);
    if (text === undefined) continue;
    const operator = /^[+^-]/.exec(text)?.[0];
    const supported: readonly string[] = SUPPORTED[kind];
    const named = (operator ? text.slice(1) : text).split(',').filter(name => supported.includes(name));
    const usual = standard(kind);
    const list =
      operator === '+'
        ? [...new Set([...usual, ...named])]
        : operator === '^'
          ? [...new Set([...named, ...usual])]
          : operator === '-'
            ? usual.filter(name => !named.includes(name))
            : named;
    if (list.length > 0) found[kind] = list;
  }
  return found as Algorithms;
}

/** Key types as known_hosts has them -> signature algorithms to negotiate. */
function algorithmsOfType(type: string): string[] {
  return type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type];
}

/** Types of host keys that can be verified here. */
export function isSpoken(type: string): boolean {
  return standard('serverHostKey').includes(type);
}

/**
 * The order of host key algorithms: those of known keys first, as ssh does, so that the server shows a key that can be compared.
 */
export function hostKeyOrder(
  knownTypes: readonly string[],
  configured: AlgorithmList<string> | undefined,
): AlgorithmList<string> {
  if (Array.isArray(configured)) return configured;
  const usual = standard('serverHostKey');
  const known = knownTypes.flatMap(algorithmsOfType).filter(name => usual.includes(name));
  return [...new Set([...known, ...usual])];
}
