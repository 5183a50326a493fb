import { EngineError } from '../errors';

/**
 * Why a transaction could not be applied. `server`: a statement was refused (`errno`). `differentError`: it failed where
 * it was logged, and did not fail alike here. `packetTooLarge`: see `neededBytes`. `localInfile`: the server refuses LOAD
 * DATA LOCAL (local_infile is off, or the connection was opened without). `incomplete`, `incident`, `unsupported`: not to
 * be applied at all. `unreadable`: the log. `connection`: no answer; whether it was committed is not known.
 */
export type ApplyErrorCode =
  | 'server'
  | 'differentError'
  | 'packetTooLarge'
  | 'localInfile'
  | 'incomplete'
  | 'incident'
  | 'unsupported'
  | 'unreadable'
  | 'connection';

export class ApplyError extends EngineError {
  declare readonly code: ApplyErrorCode;

  constructor(
    code: ApplyErrorCode,
    text: string,
    readonly details: { readonly errno?: number; readonly neededBytes?: number } = {},
  ) {
    super(code, text);
  }
}
