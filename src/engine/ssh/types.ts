import type { Duplex, Writable } from 'node:stream';

/** Where and as whom to log in. */
export interface SshTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/** Why there is no session, decided from error codes and protocol states. */
export interface SshFailure {
  readonly kind:
    | 'refused'
    | 'timeout'
    | 'unreachable'
    | 'unknownHost'
    | 'closed'
    | 'authentication' // no key was accepted
    | 'hostKeyUnknown' // nobody accepted it
    | 'hostKeyChanged' // differs from known_hosts: never accepted
    | 'noKeys' // neither agent nor key file to try
    | 'jump' // the ProxyJump host (or ProxyCommand) failed
    | 'forward' // the host makes no connections to others (tunnel)
    | 'configuration' // ssh_options or an OpenSSH configuration file that cannot be used
    | 'exit' // the program could not be run, or ended with another code than it should
    | 'protocol'
    | 'cancelled';
  /** What the network, the host or a program said, in English. */
  readonly text: string;
  /** The command line that forgets the old key of a host whose key has changed, for whoever has verified the new one. */
  readonly remedy?: string;
}

/** An unknown host key, put before somebody who can answer. */
export interface HostKeyQuestion {
  readonly host: string;
  readonly port: number;
  /** `ssh-ed25519`, `ssh-rsa`, … */
  readonly keyType: string;
  /** As OpenSSH prints it: `SHA256:` and unpadded base64. */
  readonly fingerprint: string;
  /** Where an accepted key will be remembered; absent: nowhere. */
  readonly file?: string;
}

/** What to do about an unknown host key. A key that differs from a known one is refused by every policy. */
export type HostKeyPolicy =
  | { readonly kind: 'ask'; ask(question: HostKeyQuestion): Promise<boolean> }
  | { readonly kind: 'accept-new' }
  | { readonly kind: 'strict' };

export interface RunResult {
  /** Exit code; undefined when ended by `signal`. */
  readonly code?: number;
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly stdin?: string | Buffer;
  /** Bytes of each of stdout and stderr that are kept; default 1 MiB, the rest is dropped. */
  readonly keepBytes?: number;
}

export interface StartOptions {
  readonly signal?: AbortSignal;
  /** Bytes of stderr that are kept; default 64 KiB. */
  readonly keepBytes?: number;
}

/** A program that runs. Its output must be read, or it stops when the buffers are full. */
export interface RunningProgram {
  readonly stdin: Writable;
  /** As it comes; leaving the loop early ends the program. */
  readonly stdout: AsyncIterable<Buffer>;
  /** Rejects with SshError if the connection is lost, or nothing was started. */
  readonly ended: Promise<ProgramEnd>;
  /** Ends it and all that it started. */
  kill(): void;
}

export interface ProgramEnd {
  /** Exit code; undefined when ended by `signal`. */
  readonly code?: number;
  readonly signal?: string;
  /** Its first bytes. */
  readonly stderr: string;
}

/** One host, over SSH or (the machine we run on) without. Every method rejects with SshError or an AbortError. */
export interface Host extends AsyncDisposable {
  readonly name: string;
  readonly local: boolean;
  /** What the SSH server calls itself, e.g. `OpenSSH_9.2p1 Debian-2`; absent on the local machine. */
  readonly software?: string;
  /** Runs a program with its arguments, each passed literally: no shell sees them unquoted. */
  run(argv: readonly string[], options: RunOptions): Promise<RunResult>;
  /** Starts a program to talk to. `signal` ends it. A program that cannot be found ends with code 127. */
  start(argv: readonly string[], options?: StartOptions): Promise<RunningProgram>;
  /** Bytes `offset` … `offset + length` of a file (fewer at its end). Sparse of memory; works above 4 GiB and without sftp. */
  readRange(path: string, offset: number, length: number, options?: { signal?: AbortSignal }): AsyncIterable<Buffer>;
  /** A connection to `host:port` as seen from that host. */
  tunnel(host: string, port: number): Promise<Duplex>;
}
