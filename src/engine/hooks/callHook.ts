import { Secret } from '../../config/secret';
import type { Log } from '../log';
import type { HookArgument } from './arguments';
import { judgeHook, type HookName, type HookPhases, type HookVerdict } from './judgeHook';
import { maskedCommand, runHook, type HookResult } from './runHook';

/** MHA's lines around a call, which users' monitoring looks for. */
interface Landmarks {
  readonly before: string;
  /** After a call that ended well. */
  readonly after: string;
  /** After one that did not; `with return code H:L` follows. */
  readonly failed: string;
  /** Instead of a call, where no script is configured. */
  readonly missing?: string;
}

const FAILOVER_STOP: Landmarks = {
  before: 'Executing master IP deactivation script:',
  after: ' done.',
  failed: 'Failed to deactivate master IP',
  missing: 'master_ip_failover_script is not set. Skipping invalidating dead master IP address.',
};
const SHUTDOWN: Landmarks = {
  before: 'Executing SHUTDOWN script:',
  after: ' Power off done.',
  failed: 'Failed to shut down the dead master',
  missing: 'shutdown_script is not set. Skipping explicit shutting down of the dead master.',
};

const LANDMARKS: { readonly [H in HookName]: Readonly<Record<HookPhases[H], Landmarks>> } = {
  master_ip_failover_script: {
    status: {
      before: 'Checking master_ip_failover_script status:',
      after: ' OK.',
      failed: ' Failed to get master_ip_failover_script status',
      missing: 'master_ip_failover_script is not defined.',
    },
    stop: FAILOVER_STOP,
    stopssh: FAILOVER_STOP,
    start: {
      before: 'Executing master IP activate script:',
      after: ' OK.',
      failed: 'Failed to activate master IP address',
      missing: 'master_ip_failover_script is not set. Skipping taking over new master IP address.',
    },
  },
  master_ip_online_change_script: {
    stop: {
      before: 'Executing master ip online change script to disable write on the current master:',
      after: ' ok.',
      failed: 'Failed to disable write on the current master',
      missing: 'master_ip_online_change_script is not defined. Skipping disabling writes on the current master.',
    },
    // MHA skips it without a word.
    start: {
      before: 'Executing master ip online change script to allow write on the new master:',
      after: ' ok.',
      failed: 'Failed to allow write on the new master',
    },
  },
  shutdown_script: {
    status: {
      before: 'Checking shutdown script status:',
      after: ' OK.',
      failed: ' Failed to get power status',
      missing: 'shutdown_script is not defined.',
    },
    stop: SHUTDOWN,
    stopssh: SHUTDOWN,
  },
  report_script: { report: { before: 'Sending mail..', after: '', failed: 'Failed to send mail' } },
};

export interface HookCall<H extends HookName> {
  readonly hook: H;
  readonly phase: HookPhases[H];
  /** The parameter's value; without one there is nothing to call. */
  readonly command: string | undefined;
  readonly args: readonly HookArgument[];
  /** The extended parameter hook_timeout. */
  readonly timeoutSeconds: number;
}

export type CalledHook =
  | { readonly kind: 'missing' }
  | {
      readonly kind: 'called';
      readonly verdict: HookVerdict;
      /** Secrets of the arguments that the hook printed read `xxx`. */
      readonly result: HookResult;
    };

/**
 * Calls a script of the user's and judges how it ended, with MHA's lines around it in the log. What it prints goes there as
 * it is, line by line, but for the passwords that it was given. Rejects with the signal's reason when cancelled.
 */
export async function callHook<H extends HookName>(
  call: HookCall<H>,
  { log, signal }: { readonly log: Log; readonly signal?: AbortSignal },
): Promise<CalledHook> {
  const { hook, phase, command, args } = call;
  const landmarks = LANDMARKS[hook][phase];
  if (!command) {
    if (landmarks.missing) log.log('warning', landmarks.missing, { hook, phase });
    return { kind: 'missing' };
  }
  log.log('info', landmarks.before, { hook, phase });
  if (hook !== 'report_script') log.log('info', `  ${maskedCommand(command, args)}`, { hook, phase });
  const unmask = masker(args);
  const lines = new LineWriter(text => writeRaw(log, unmask(text)));
  const raw = await runHook(command, args, {
    timeoutMs: call.timeoutSeconds * 1000,
    ...(signal && { signal }),
    onOutput: (text, stream) => lines.push(stream, text),
  }).finally(() => lines.end());
  const result: HookResult = { ...raw, stdout: unmask(raw.stdout), stderr: unmask(raw.stderr) };
  const verdict = judgeHook(hook, phase, result);
  logVerdict(log, landmarks, verdict, call.timeoutSeconds, { hook, phase, code: result.code, tookMs: result.tookMs });
  return { kind: 'called', verdict, result };
}

function logVerdict(
  log: Log,
  landmarks: Landmarks,
  verdict: HookVerdict,
  seconds: number,
  fields: Readonly<Record<string, unknown>>,
): void {
  switch (verdict.kind) {
    case 'ok':
    case 'poweredOff':
      if (landmarks.after) log.log('info', landmarks.after, fields);
      return;
    case 'killedBySsh':
      log.log('info', ' SSH reachable. Shutting down mysqld done.', fields);
      return;
    case 'proceed':
    case 'abort': {
      const late = verdict.reason === 'timeout' ? ` It took longer than ${seconds} seconds and was killed.` : '';
      log.log('error', `${landmarks.failed} with return code ${verdict.code}${late ? '.' : ''}${late}`, fields);
      if (verdict.kind === 'proceed' && landmarks.after) log.log('warning', 'Proceeding.', fields);
    }
  }
}

/** Shorter passwords would turn half of a log into `xxx`, and hide nothing that way. */
const MASKED_FROM = 4;

/** Takes the arguments' secrets out of a text. */
function masker(args: readonly HookArgument[]): (text: string) => string {
  const secrets = args
    .flatMap(({ value }) => (value instanceof Secret ? [value.reveal()] : []))
    .filter(secret => secret.length >= MASKED_FROM);
  return text => secrets.reduce((masked, secret) => masked.replaceAll(secret, 'xxx'), text);
}

/** A line that does not end is written in parts of this length: hooks may print anything. */
const LONGEST_LINE = 64 * 1024;

/** Gives what two streams print line by line, each line whole. */
class LineWriter {
  readonly #open = { stdout: '', stderr: '' };

  constructor(readonly write: (lines: string) => void) {}

  push(stream: 'stdout' | 'stderr', text: string): void {
    const all = this.#open[stream] + text;
    const end = all.length > LONGEST_LINE ? all.length : all.lastIndexOf('\n') + 1;
    this.#open[stream] = all.slice(end);
    if (end > 0) this.write(all.slice(0, end));
  }

  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#open[stream] !== '') this.write(`${this.#open[stream]}\n`);
      this.#open[stream] = '';
    }
  }
}

/** MHA's log file gets a hook's output as it is, without a prefix; other logs get it as lines of their own. */
function writeRaw(log: Log, lines: string): void {
  if (log.raw) log.raw(lines);
  else for (const line of lines.replace(/\n$/, '').split('\n')) log.log('info', line, { raw: true });
}
