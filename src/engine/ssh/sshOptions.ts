/** Settings by OpenSSH's keyword in lower case. Keywords that may be given once keep their first value only. */
export type RawSettings = Map<string, string[]>;

/** Keywords of which every occurrence counts. */
const REPEATABLE = new Set(['identityfile', 'certificatefile']);

/** ssh_config(5): the first value that is found for a keyword is used. */
export function addSetting(settings: RawSettings, name: string, values: readonly string[]): void {
  const key = name.toLowerCase();
  const before = settings.get(key);
  if (!before) settings.set(key, [...values]);
  else if (REPEATABLE.has(key)) before.push(...values);
}

export interface SshArguments {
  readonly settings: RawSettings;
  /** `-F`; `none` stands for no file at all. */
  readonly configFile?: string;
  /** What has no meaning here: terminals, forwardings, operands. */
  readonly ignored: readonly string[];
}

/** ssh(1)'s one-letter options that take an argument. */
const WITH_ARGUMENT = 'BbcDEeFIiJLlmOopQRSWw';

const KEYWORDS: Readonly<Record<string, string>> = {
  i: 'IdentityFile',
  J: 'ProxyJump',
  b: 'BindAddress',
  c: 'Ciphers',
  m: 'MACs',
  p: 'Port',
  l: 'User',
};

/**
 * The words of an `ssh_options` value, as MHA passes them to ssh: quotes are dropped, blanks separate.
 * (mha-config: MHA removes every quote from this parameter, so a blank cannot be part of a word.)
 */
export function sshOptionWords(text: string): string[] {
  return text
    .replace(/['"]/g, '')
    .split(/\s+/)
    .filter(word => word !== '');
}

/** Reads ssh(1)'s command-line options: `-i FILE`, `-iFILE`, `-o Name=value`, `-4q`, … Unknown ones end up in `ignored`. */
export function parseSshArguments(words: readonly string[]): SshArguments {
  const settings: RawSettings = new Map();
  const ignored: string[] = [];
  let configFile: string | undefined;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (!/^-[^-]/.test(word)) {
      ignored.push(word);
      continue;
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word.charAt(at);
      if (!WITH_ARGUMENT.includes(letter)) {
        if (letter === '4') addSetting(settings, 'AddressFamily', ['inet']);
        else if (letter === '6') addSetting(settings, 'AddressFamily', ['inet6']);
        else ignored.push(`-${letter}`);
        continue;
      }
      const argument = word.slice(at + 1) || (words[++i] ?? '');
      const keyword = KEYWORDS[letter];
      if (letter === 'o') {
        const option = /^\s*([A-Za-z]+)\s*(?:=|\s)\s*(.*)$/s.exec(argument);
        if (option?.[1]) addSetting(settings, option[1], splitValue(option[1], option[2] ?? ''));
        else ignored.push(`-o ${argument}`);
      } else if (letter === 'F') configFile ??= argument;
      else if (keyword) addSetting(settings, keyword, [argument]);
      else ignored.push(`-${letter} ${argument}`);
      break;
    }
  }
  return { settings, ignored, ...(configFile !== undefined && { configFile }) };
}

const LISTS = new Set(['userknownhostsfile', 'globalknownhostsfile']);

function splitValue(name: string, value: string): string[] {
  return LISTS.has(name.toLowerCase()) ? value.split(/\s+/).filter(Boolean) : [value.trim()];
}
