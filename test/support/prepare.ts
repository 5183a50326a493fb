import { ensureChromium } from './chromium';
import {
  ensureMariadb,
  ensureMysql56,
  ensureMysql97,
  ensureNetworkTools,
  ensureOpenssl,
  ensurePerlConfigTiny,
  ensureSshClient,
  ensureSshd,
} from './servers';
import { installVscode } from './vscodeInstall';

const report = (text: string) => void process.stderr.write(`${text}\n`);

/** What each level of tests needs from the machine. */
const NEEDS: Readonly<Record<Level, readonly (() => Promise<unknown>)[]>> = {
  unit: [ensurePerlConfigTiny, ensureSshClient],
  integration: [
    ensureMysql56,
    ensureMysql97,
    ensureMariadb,
    ensureSshd,
    ensureOpenssl,
    ensurePerlConfigTiny,
    ensureNetworkTools,
  ],
  e2e: [ensureMysql56, ensureSshd, () => ensureChromium(report), () => installVscode(report)],
};

export type Level = 'unit' | 'integration' | 'e2e';

/** Fetches and installs what a level needs; quick when everything is there. Whatever is missing is named at once. */
export async function prepare(level: Level): Promise<void> {
  const results = await Promise.allSettled(NEEDS[level].map(ensure => ensure()));
  const reasons = results.flatMap(result => (result.status === 'rejected' ? [result.reason as Error] : []));
  if (reasons.length === 1) throw reasons[0] as Error;
  if (reasons.length > 1) throw new AggregateError(reasons, reasons.map(reason => reason.message).join('\n'));
}
