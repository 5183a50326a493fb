/** Base of the engine's errors: decisions are made by `code`, never by the text. */
export class EngineError extends Error {
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The text of anything that was thrown, for details shown to users. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `ENOENT`, `ER_ACCESS_DENIED_ERROR` …; undefined for errors without a code. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
