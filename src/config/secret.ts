const BRAND = Symbol.for('mysqlHa.secret');

/** A password. Whatever prints it (string, JSON, inspect, template) prints `***`; only `reveal` gives the value. */
export class Secret {
  readonly #value: string;
  readonly [BRAND] = true;

  /** The engine and the faces are bundles of their own, each with this class: a secret of one is a secret in the other. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  constructor(value: string) {
    this.#value = value;
  }

  /** The clear text: for the driver, a hook's argument, stdin of an own tool. Never for a log, an error or a journal. */
  reveal(): string {
    return this.#value;
  }

  get isEmpty(): boolean {
    return this.#value === '';
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '***';
  }
}

/** `--password=x`, `--orig_master_password x`, `MYSQL_PWD=x`: the word, and the value with its quotes. */
const PASSWORD_WORD = String.raw`[\w-]*(?:pass(?:w(?:or)?d|phrase)?|pwd)`;
const PASSWORD_ARGUMENT = new RegExp(
  String.raw`(?<![\w-])(${PASSWORD_WORD}=|-${PASSWORD_WORD}\s+(?!-))((?:"[^"]*"|'[^']*'|[^\s"'])+)`,
  'gi',
);

/** A command line of the user's with `***` for what it plainly gives as a password. */
export function maskPasswords(command: string): string {
  return command.replace(PASSWORD_ARGUMENT, '$1***');
}

/** Whether a line or a name is about a password, so that what stands beside it must not be repeated. */
export function soundsSecret(text: string): boolean {
  return /pass|pwd|secret|密码|口令/i.test(text);
}
