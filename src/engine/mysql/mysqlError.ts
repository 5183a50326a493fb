import { EngineError } from '../errors';

/** Why a statement failed: `server` = the server said no (errno), the others = there was no answer. */
export type MysqlErrorKind = 'server' | 'timeout' | 'cancelled' | 'closed' | 'protocol' | 'unsupported';

/**
 * A statement that failed. `errno` and the text are the server's for kind `server`; `code` is the error's symbolic name
 * (`ER_PARSE_ERROR`, `ECONNRESET`, `TIMEOUT` …). Holds no statement text: statements can contain passwords.
 */
export class MysqlError extends EngineError {
  constructor(
    readonly kind: MysqlErrorKind,
    code: string,
    text: string,
    readonly errno?: number,
  ) {
    super(code, text);
  }
}
