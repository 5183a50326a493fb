import { spawn } from 'node:child_process';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { SshError, socketFailure, sshError } from './sshError';

/** Connects a TCP socket. Rejects with SshError, or with the signal's reason. */
export function connectTcp(
  to: { host: string; port: number; family?: 0 | 4 | 6; localAddress?: string },
  signal: AbortSignal,
): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const { host, port, family, localAddress } = to;
    const socket = net.connect({ host, port, ...(family && { family }), ...(localAddress && { localAddress }) });
    const stop = () => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', error => {
      signal.removeEventListener('abort', stop);
      reject(new SshError(socketFailure(error), { cause: error }));
    });
    socket.once('connect', () => {
      signal.removeEventListener('abort', stop);
      socket.removeAllListeners('error');
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** The stream that a ProxyCommand makes. The command is the user's own, run by a shell as ssh(1) runs it. */
export function connectCommand(command: string): Duplex {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.once('error', error => stream.destroy(sshError('jump', `ProxyCommand: ${error.message}`, error)));
  child.once('exit', () => stream.push(null));
  stream.once('close', () => {
    // The whole group: a shell's children would go on without it.
    if (child.pid !== undefined && child.exitCode === null)
      try {
        process.kill(-child.pid, 'SIGTERM');
      } catch {
        // It has ended by itself.
      }
  });
  return stream;
}
