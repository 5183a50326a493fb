const PLAIN = /^[A-Za-z0-9_@%+:,./=-]+$/;

/**
 * One line of POSIX shell that passes each argument literally. It is the only place where a shell's text is made from values.
 * Holds for sh, dash, bash, ksh, zsh and busybox, whatever the arguments contain, and for csh and fish unless they contain line
 * breaks or double backslashes. Throws RangeError for NUL, which no argument can carry, and for an empty list.
 */
export function quote(argv: readonly string[]): string {
  if (argv.length === 0) throw new RangeError('nothing to run');
  return argv.map(quoteOne).join(' ');
}

function quoteOne(argument: string, index: number): string {
  if (argument.includes('\0')) throw new RangeError('an argument contains a NUL character');
  // A first word with "=" would be an assignment.
  if (PLAIN.test(argument) && !(index === 0 && argument.includes('='))) return argument;
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
