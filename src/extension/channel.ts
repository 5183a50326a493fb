import * as vscode from 'vscode';
import type { Log } from '../engine/log';

/** The output channel "MySQL HA", and the engine's log into it. */
export function openChannel(): vscode.LogOutputChannel {
  return vscode.window.createOutputChannel('MySQL HA', { log: true });
}

export function channelLog(channel: vscode.LogOutputChannel): Log {
  return {
    log: (level, text, fields) => {
      const line = fields && Object.keys(fields).length > 0 ? `${text} ${JSON.stringify(fields)}` : text;
      if (level === 'debug') channel.debug(line);
      else if (level === 'info') channel.info(line);
      else if (level === 'warning') channel.warn(line);
      else channel.error(line);
    },
  };
}
