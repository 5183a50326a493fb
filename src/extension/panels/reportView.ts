import type { Report } from '../../engine/checks/types';
import { replicationView } from './replicationView';
import type { ReportView } from './reportProtocol';
import type { Wording } from './reportWords';
import { sshView } from './sshView';

/** A report as the panel shows it, in the user's words. */
export function reportView(report: Report, wording: Wording): ReportView {
  return report.kind === 'ssh' ? sshView(report, wording) : replicationView(report, wording);
}
