import type { HookAccount, HookServer } from '../hooks/arguments';
import { sshCheckOptions } from '../hooks/arguments';
import type { SecondaryCheckInput } from './secondaryCheck';

/** The connections' time limit of masterha_secondary_check without `--timeout`. */
const DEFAULT_TIMEOUT_SECONDS = 5;

export interface SecondaryCommand {
  /** As written: a bare name, or a path to some masterha_secondary_check. */
  readonly program: string;
  readonly hosts: readonly string[];
  readonly port: number;
  readonly options?: string;
  readonly timeoutSeconds: number;
}

/**
 * Reads a `secondary_check_script` that is nothing but a call of masterha_secondary_check with options that it knows, so
 * that it need not be started as a program, with the password on its command line. Undefined for everything else: other
 * programs, shell syntax, options that do not belong there.
 */
export function parseSecondaryCommand(command: string): SecondaryCommand | undefined {
  const [program, ...words] = plainWords(command) ?? [];
  if (!program || !/(?:^|\/)masterha_secondary_check$/.test(program)) return undefined;
  const hosts: string[] = [];
  const values = new Map<string, string>();
  while (words.length > 0) {
    const [, name, inline] = /^--?([a-z_]+)(?:=([^]*))?$/.exec(words.shift() ?? '') ?? [];
    const known = name === 's' ? 'secondary_host' : name;
    if (known === undefined || !KNOWN.has(known)) return undefined;
    const value = inline ?? words.shift();
    if (!value) return undefined;
    if (known === 'secondary_host') hosts.push(value);
    else values.set(known, value);
  }
  const port = Number(values.get('port') ?? 22);
  const timeoutSeconds = Number(values.get('timeout') ?? DEFAULT_TIMEOUT_SECONDS);
  if (hosts.length === 0 || !isCount(port) || port > 65_535 || !isCount(timeoutSeconds)) return undefined;
  const options = values.get('options');
  return { program, hosts, port, timeoutSeconds, ...(options && { options }) };
}

/** What a person configures; the manager adds the rest, and its `--user` wins over theirs. */
const KNOWN = new Set(['secondary_host', 'user', 'port', 'options', 'timeout']);

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 1;

/** Words in quotes or without, as long as a shell does nothing else with them. */
function plainWords(command: string): string[] | undefined {
  const words: string[] = [];
  let rest = command.trim();
  while (rest !== '') {
    let word = '';
    let part: RegExpExecArray | null;
    while ((part = /^(?:'([^']*)'|"([^"$`\\!]*)"|([^\s'"$`\\!&|;<>()*?[\]{}#~]+))/.exec(rest))) {
      word += part[1] ?? part[2] ?? part[3] ?? '';
      rest = rest.slice(part[0].length);
    }
    if (rest !== '' && !/^\s/.test(rest)) return undefined;
    words.push(word);
    rest = rest.trimStart();
  }
  return words;
}

/** What `secondaryCheck` is asked for a command, with what MHA's manager would append to it. */
export function secondaryInputOf(
  { hosts, port, options, timeoutSeconds }: SecondaryCommand,
  master: HookServer,
  account: HookAccount,
  pingType: NonNullable<SecondaryCheckInput['pingType']>,
): SecondaryCheckInput {
  const check = sshCheckOptions(master.sshTimeoutSeconds ?? timeoutSeconds);
  const sshOptions = master.sshOptions ? `${check} ${master.sshOptions}` : options;
  return {
    hosts,
    port,
    user: master.sshUser,
    master: { host: master.hostname, ip: master.ip, port: master.port },
    timeoutMs: timeoutSeconds * 1000,
    pingType,
    credentials: account,
    ...(sshOptions && { sshOptions }),
  };
}
