import { quote } from './quote';
import type { Host, RunningProgram, SshFailure, SshTarget } from './types';

/**
 * Runs on a host and tries the logins that it is told on stdin, one a line, each as soon as its line comes:
 * `id host port user seconds fast old`. Answers `id exit-code stderr` per line, newlines in stderr as \x1f. `$1` is what is done about
 * unknown host keys, and goes before ssh's own options, the rest of `$@`: their "no" would let changed keys pass.
 *
 * fast: a key exchange over nistp256 is preferred, which OpenSSH leaves to OpenSSL. Its default of 9.0 to 9.9 (with a post-quantum
 * part) takes 75 to 120 ms of processor time in the client, curve25519 in its own C code 5 ms; what else ssh does takes 10 ms.
 * Nor are the host's other keys asked for, which it would have to sign.
 * Whatever does not succeed like that is tried again with the host's own settings, whose answer counts.
 * old: before 7.6 there is no accept-new; a host that is in known_hosts is checked strictly instead.
 */
const SCRIPT = [
  'export LC_ALL=C',
  'wanted=$1; shift',
  'echo ready',
  'attempt() { ssh -o BatchMode=yes -o ControlMaster=no -o ControlPath=none -o LogLevel=ERROR -o ClearAllForwardings=yes ' +
    '-o "StrictHostKeyChecking=$strict" "$@" -o PasswordAuthentication=no -o "ConnectTimeout=$seconds" ' +
    '-p "$port" -l "$user" -- "$host" "exit 0" 2>&1 >/dev/null </dev/null; }',
  'while read -r id host port user seconds fast old; do { ' +
    'strict=$wanted; ' +
    'if [ "$old$wanted" = 1accept-new ]; then name=$host; [ "$port" = 22 ] || name="[$host]:$port"; ' +
    'if ssh-keygen -F "$name" >/dev/null 2>&1; then strict=yes; else strict=no; fi; fi; ' +
    'code=1; if [ "$fast" = 1 ]; then said=$(attempt "$@" -o UpdateHostKeys=no -o "KexAlgorithms=^ecdh-sha2-nistp256"); code=$?; fi; ' +
    'if [ "$code" != 0 ]; then said=$(attempt "$@"); code=$?; fi; ' +
    'if [ "$code" = 0 ]; then printf "%s 0\\n" "$id"; else ' +
    'printf "%s %s %s\\n" "$id" "$code" "$(printf %s "$said" | head -c 2000 | tr "\\n" "\\037")"; fi; } & done',
  'wait',
].join('; ');

export type LoginResult = { readonly ok: true } | { readonly ok: false; readonly failure: SshFailure };

/** Tries logins from one host to others, with that host's own ssh program, keys and known hosts. */
export class LoginTester {
  readonly #program: RunningProgram;
  readonly #old: boolean;
  readonly #fast: boolean;
  readonly #waiting = new Map<string, (result: LoginResult) => void>();
  #over: SshFailure | undefined;
  #next = 0;
  #answered = 0;
  /** Resolves when the host has started it, rejects with SshError if it does not. */
  readonly ready: Promise<void>;

  private constructor(program: RunningProgram, software: string | undefined) {
    const version = opensshVersion(software);
    this.#program = program;
    this.#old = version !== undefined && version < 7.06;
    // "^" came with 8.1.
    this.#fast = version === undefined || version >= 8.02;
    this.ready = new Promise((resolve, reject) => {
      void this.#read(resolve).then(
        failure => this.#finish(failure, reject),
        (error: Error) => this.#finish({ kind: 'closed', text: error.message }, reject, error),
      );
    });
    this.ready.catch(() => undefined);
    // The program may end while we write to it.
    program.stdin.on('error', () => undefined);
  }

  /** @param options ssh's own, as words */
  static async start(
    host: Host,
    options: readonly string[],
    strict: boolean,
    signal?: AbortSignal,
  ): Promise<LoginTester> {
    const wanted = strict ? 'yes' : 'accept-new';
    const program = await host.start(['sh', '-c', SCRIPT, 'sh', wanted, ...options], signal ? { signal } : {});
    return new LoginTester(program, host.software);
  }

  /** Never rejects. @param seconds for the connection; as much again at most for the rest, then it is a time-out */
  login(target: SshTarget, seconds: number): Promise<LoginResult> {
    if (this.#over) return Promise.resolve({ ok: false, failure: this.#over });
    const { host, port, user } = target;
    // What cannot stand in a line of the script cannot be an address or an account either.
    if (!isWord(host) || !isWord(user))
      return Promise.resolve({
        ok: false,
        failure: { kind: 'configuration', text: `not a host or user: ${user}@${host}` },
      });
    const id = String(this.#next++);
    return new Promise(resolve => {
      const late = { kind: 'timeout', text: `no answer within ${seconds} s` } as const;
      const started = performance.now();
      const timer = setTimeout(() => settle({ ok: false, failure: late }), seconds * 1000 + GRACE_MS);
      const settle = (result: LoginResult) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        const isLate = !result.ok && result.failure.kind === 'exit' && performance.now() - started >= seconds * 1000;
        resolve(isLate ? { ok: false, failure: { ...late, text: result.failure.text } } : result);
      };
      this.#waiting.set(id, settle);
      const flags = `${this.#fast ? 1 : 0} ${this.#old ? 1 : 0}`;
      this.#program.stdin.write(`${id} ${host} ${port} ${user} ${seconds} ${flags}\n`);
    });
  }

  /** Ends the program; at once if logins are still under way. */
  close(): void {
    if (this.#stuck) this.#program.kill();
    else this.#program.stdin.end();
  }

  /** A login that nobody waits for any more is still running there. */
  get #stuck(): boolean {
    return this.#answered < this.#next;
  }

  async #read(ready: () => void): Promise<SshFailure> {
    let text = '';
    for await (const chunk of this.#program.stdout) {
      const lines = (text + chunk.toString()).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        if (line === 'ready') ready();
        else this.#answer(line);
      }
    }
    const { code, signal, stderr } = await this.#program.ended;
    return { kind: 'exit', text: stderr.trim() || `the program on the host ended with ${code ?? signal}` };
  }

  #answer(line: string): void {
    // ssh ends its own lines with CR LF, and `.` would not match a CR.
    const [, id = '', code = '', said = ''] = /^(\d+) (\d+) ?([^]*)$/.exec(line) ?? [];
    if (id !== '') this.#answered++;
    this.#waiting.get(id)?.(
      code === '0' ? { ok: true } : { ok: false, failure: sshProgramFailure(Number(code), said) },
    );
  }

  #finish(failure: SshFailure, reject: (error: Error) => void, error?: Error): void {
    this.#over = failure;
    for (const settle of [...this.#waiting.values()]) settle({ ok: false, failure });
    reject(error ?? new Error(failure.text));
  }
}

/** So that ssh's own report of a time-out comes first. */
const GRACE_MS = 500;

function isWord(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- that is what is looked for
  return text !== '' && !text.startsWith('-') && !/[\s\\\x00-\x1f\x7f]/.test(text);
}

/** 9.2 -> 9.02, so that versions compare as numbers; undefined for other software. */
function opensshVersion(software: string | undefined): number | undefined {
  const [, major, minor] = /^OpenSSH_(\d+)\.(\d+)/.exec(software ?? '') ?? [];
  return major === undefined ? undefined : Number(major) + Number(minor) / 100;
}

/**
 * ssh(1) has one exit code, 255, for whatever goes wrong before the program runs. Its messages, in the C locale, only choose the
 * word by which the failure is shown; that it failed is decided by the code.
 */
const WORDS: readonly (readonly [RegExp, SshFailure['kind']])[] = [
  [/REMOTE HOST IDENTIFICATION HAS CHANGED|host key .*revoked/i, 'hostKeyChanged'],
  [/Host key verification failed/, 'hostKeyUnknown'],
  [/Permission denied|Too many authentication failures/, 'authentication'],
  [/Connection refused/, 'refused'],
  [/timed out/, 'timeout'],
  [/No route to host|is unreachable/, 'unreachable'],
  [/Could not resolve hostname/, 'unknownHost'],
  [/Connection (?:closed|reset)|closed by remote host/, 'closed'],
  [/Bad configuration option|Bad .* specification|terminating/, 'configuration'],
];

/** Of ssh's page about a changed or revoked key: the verdict first, then the lines with the key and where the known one stands. */
function refusedKeyText(lines: readonly string[]): string {
  const facts = lines.filter(line =>
    /^(?:The .*(?:fingerprint|revoked)|SHA256:|MD5:|Offending|Host key for )/.test(line),
  );
  return ['Host key verification failed.', ...facts].join('\n');
}

function sshProgramFailure(code: number, said: string): SshFailure {
  const lines = said
    .split('\x1f')
    .map(line => line.trimEnd())
    .filter(line => line !== '' && !line.startsWith('@'));
  const text = lines.join('\n') || `ssh ended with ${code}`;
  if (code === 127) return { kind: 'exit', text: `no ssh program on that host: ${text}` };
  if (code !== 255) return { kind: 'exit', text: `the login works, but "exit 0" ended with ${code} there: ${text}` };
  const kind = WORDS.find(([pattern]) => pattern.test(said))?.[1] ?? 'exit';
  if (kind !== 'hostKeyChanged') return { kind, text };
  const [, file] = /^Offending .* key in (.+):\d+$/m.exec(text) ?? [];
  const [, host] = /^Host key for (\S+) has changed/m.exec(text) ?? [];
  const remedy = file && host ? { remedy: quote(['ssh-keygen', '-f', file, '-R', host]) } : {};
  return { kind, text: refusedKeyText(lines), ...remedy };
}
