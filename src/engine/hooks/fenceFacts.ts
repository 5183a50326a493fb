import { parseListeners, type Listener } from './procNet';

/** A process that is, starts or restarts a database server. */
export interface FenceProcess {
  readonly pid: number;
  readonly parent: number;
  /** `server`: mysqld or mariadbd. `safe`: mysqld_safe, which starts a killed server again. */
  readonly kind: 'server' | 'safe';
  /** proc(5) starttime: with it a process cannot be taken for a later one of the same number. */
  readonly startTicks: number;
  /** Its command line. */
  readonly words: readonly string[];
  /** The TCP sockets that it listens on; undefined: may not be looked at. Of a server only. */
  readonly listens?: readonly Listener[];
  /** The systemd unit that it belongs to. */
  readonly unit?: string;
}

export interface FencePidFile {
  readonly path: string;
  /** Undefined: no number in it, or not readable. */
  readonly pid?: number;
  /** Seconds since the epoch. */
  readonly modified: number;
}

/** What a host knows about its database servers, at one moment. */
export interface FenceFacts {
  /** Seconds since the epoch, by the host's own clock, at which it was booted. */
  readonly bootedAt: number;
  /** Of the asked ones, those that are there. */
  readonly pidFiles: readonly FencePidFile[];
  readonly processes: readonly FenceProcess[];
  /** All TCP sockets on which somebody listens. */
  readonly listening: readonly Listener[];
}

/** Exit code of the script on a host without a /proc like Linux has. */
export const NO_PROC = 3;

/**
 * For sh: prints the facts, a line each, fields separated by tabs. `$@`: the PID files. Needs /proc and nothing beside the
 * usual programs; reads only. Servers in other networks (containers) are passed over: their ports are not this host's.
 */
export const FACTS_SCRIPT = [
  'export LC_ALL=C',
  `{ read -r up rest </proc/uptime && [ -r /proc/self/stat ]; } 2>/dev/null || exit ${NO_PROC}`,
  'printf "clock\\t%s\\t%s\\n" "$(date +%s)" "${up%%.*}"',
  'for f in "$@"; do [ -f "$f" ] || continue; ' +
    'printf "pidfile\\t%s\\t%s\\t%s\\n" "$(stat -c %Y -- "$f" 2>/dev/null)" "$(head -c 32 -- "$f" 2>/dev/null | head -n 1)" "$f"; done',
  'printf "listen\\t%s\\n" "$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep " 0A " | tr "\\n" "\\037")"',
  'own=$(readlink /proc/self/ns/net 2>/dev/null)',
  'for d in /proc/[0-9]*; do ' +
    '{ read -r comm <"$d/comm"; } 2>/dev/null || continue; ' +
    'case $comm in mysqld|mariadbd|mysqld-debug) kind=server;; mysqld_safe|mariadbd-safe) kind=safe;; ' +
    'sh|bash|dash|ash|ksh|busybox) kind=shell;; *) continue;; esac; ' +
    'net=$(readlink "$d/ns/net" 2>/dev/null); if [ -n "$net" ] && [ "$net" != "$own" ]; then continue; fi; ' +
    'words=$(tr "\\000\\n\\t" "\\037  " <"$d/cmdline" 2>/dev/null); ' +
    'if [ $kind = shell ]; then case "$words" in *mysqld_safe*|*mariadbd-safe*) ;; *) continue;; esac; fi; ' +
    '{ stat=$(cat "$d/stat"); } 2>/dev/null || continue; ' +
    'unit=$(sed -n "s,.*/\\([^/]*\\.service\\)\\$,\\1,p" "$d/cgroup" 2>/dev/null | head -n 1); ' +
    'printf "proc\\t%s\\t%s\\t%s\\t%s\\t%s\\n" "${d#/proc/}" "$kind" "${stat##*) }" "$unit" "$words"; ' +
    'if [ $kind = server ] && fds=$(ls -l "$d/fd" 2>/dev/null); then ' +
    'printf "fds\\t%s\\t%s\\n" "${d#/proc/}" "$(printf "%s\\n" "$fds" | sed -n "s/.*socket:\\[\\([0-9]*\\)\\].*/\\1/p" | tr "\\n" " ")"; ' +
    'printf "tcp\\t%s\\t%s\\n" "${d#/proc/}" "$(cat "$d/net/tcp" "$d/net/tcp6" 2>/dev/null | grep " 0A " | tr "\\n" "\\037")"; fi; done',
  'exit 0',
].join('; ');

/** Reads what the script printed. Lines that are none of its own are passed over. */
export function parseFacts(text: string): FenceFacts {
  let bootedAt = 0;
  const pidFiles: FencePidFile[] = [];
  let listening: readonly Listener[] = [];
  const processes: FenceProcess[] = [];
  const inodes = new Map<number, ReadonlySet<string>>();
  const listens = new Map<number, readonly Listener[]>();
  for (const line of text.split('\n')) {
    const [what, a = '', b = '', c = '', d = '', ...rest] = line.split('\t');
    if (what === 'clock') bootedAt = Number(a) - Number(b);
    else if (what === 'pidfile') {
      const pid = pidOf(b);
      const path = line.split('\t').slice(3).join('\t');
      pidFiles.push({ path, modified: Number(a) || 0, ...(pid && { pid }) });
    } else if (what === 'listen') listening = parseListeners(a.split('\x1f'));
    else if (what === 'proc') {
      const process = processOf(a, b, c, d, rest.join('\t'));
      if (process) processes.push(process);
    } else if (what === 'fds') inodes.set(Number(a), new Set(b.split(' ')));
    else if (what === 'tcp') {
      const own = inodes.get(Number(a));
      listens.set(
        Number(a),
        parseListeners(b.split('\x1f')).filter(({ inode }) => own?.has(inode)),
      );
    }
  }
  return {
    bootedAt,
    pidFiles,
    listening,
    processes: processes.map(process => {
      const own = listens.get(process.pid);
      return own ? { ...process, listens: own } : process;
    }),
  };
}

function pidOf(text: string): number | undefined {
  const digits = /^\s*([1-9]\d{0,9})\s*$/.exec(text)?.[1];
  return digits === undefined || digits === '1' ? undefined : Number(digits);
}

/** proc(5): `stat` from the state on, behind the parentheses of the name. */
function processOf(pid: string, kind: string, stat: string, unit: string, line: string): FenceProcess | undefined {
  const fields = stat.split(' ');
  const number = pidOf(pid);
  const startTicks = Number(fields[19]);
  if (number === undefined || fields[0] === 'Z' || !Number.isSafeInteger(startTicks)) return undefined;
  const words = line.split('\x1f').filter(word => word !== '');
  // A shell that runs mysqld_safe, not one that only speaks of it.
  const isSafe = words.slice(0, 2).some(word => /(?:^|\/)(?:mysqld_safe|mariadbd-safe)$/.test(word));
  if (kind === 'shell' && !isSafe) return undefined;
  return {
    pid: number,
    parent: Number(fields[1]),
    kind: kind === 'server' ? 'server' : 'safe',
    startTicks,
    words,
    ...(unit ? { unit } : {}),
  };
}
