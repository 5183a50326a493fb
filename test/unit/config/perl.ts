import { execFileSync } from 'node:child_process';

/** Section -> name -> value as bytes in latin1; undefined: Config::Tiny rejects the file. */
export type Parsed = Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;

const PROGRAM = `
use strict; use warnings; use Config::Tiny; use JSON::PP; use MIME::Base64;
my $json = JSON::PP->new->canonical->ascii;
while (my $line = <STDIN>) {
  my $read = Config::Tiny->read_string(decode_base64($line));
  print defined $read ? $json->encode({ map { $_ => $read->{$_} } keys %$read }) : 'null', "\\n";
}
`;

/** What Perl's Config::Tiny makes of each text: all in one process. */
export function readByConfigTiny(files: readonly Uint8Array[]): Parsed[] {
  const input = files.map(bytes => `${Buffer.from(bytes).toString('base64')}\n`).join('');
  const output = execFileSync('perl', ['-e', PROGRAM], { input, maxBuffer: 1 << 28 }).toString('latin1');
  const lines = output.split('\n').slice(0, -1);
  if (lines.length !== files.length) throw new Error(`perl answered ${lines.length} of ${files.length} files`);
  return lines.map(line => (JSON.parse(line) as Parsed | null) ?? undefined);
}
