import { EngineError } from '../errors';

/**
 * `encrypted`: the log is there and cannot be read without the server's keys. `notABinlog`: something else.
 * `empty`: shorter than a log's own header, as a server leaves it that dies while it opens a new file.
 * `corrupt`: a length or a checksum that cannot be. `unsupported`: an event or a version that is not known here.
 */
export type BinlogErrorCode = 'encrypted' | 'notABinlog' | 'empty' | 'corrupt' | 'unsupported';

/** A log that cannot be read, or not further. `offset` is where in the file, in bytes. */
export class BinlogError extends EngineError {
  declare readonly code: BinlogErrorCode;

  constructor(
    code: BinlogErrorCode,
    readonly log: string,
    readonly offset: number,
    text: string,
  ) {
    super(code, `${log}, offset ${offset}: ${text}`);
  }
}
