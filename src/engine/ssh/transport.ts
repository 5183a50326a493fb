import { spawn } from 'node:child_process';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { socketLookup } from '../lookup';
import { killGroup } from '../processGroup';
import { SshError, socketFailure } from './sshError';

/** Connects a TCP socket. With `hold` it comes paused: nothing it says gets lost until somebody calls resume(). Rejects with SshError, or with the signal's reason. */
export function connectTcp(
  to: { host: string; port: number; family?: 0 | 4 | 6; localAddress?: string; hold?: boolean },
  signal: AbortSignal,
): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const { host, port, family, localAddress, hold } = to;
    const socket = net.connect({
      host,
      port,
      lookup: socketLookup,
      ...(family && { family }),
      ...(localAddress && { localAddress }),
    });
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
      if (hold) socket.pause();
      socket.removeAllListeners('error');
      // Whoever takes it over listens in a moment: until then it must not throw.
      socket.on('error', () => undefined);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** The stream that a ProxyCommand makes. The command is the user's own, run by a shell as ssh(1) runs it. */
export function connectCommand(command: string): Duplex {
  // A group of its own: a shell's children would go on without it.
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const { stdin, stdout, pid } = child;
  let over = false;
  const stream = new Duplex({
    read: () => void stdout.resume(),
    // A program that does not read any more is told by its end.
    write: (chunk: Buffer, _encoding, done) => void stdin.write(chunk, () => done()),
    final: done => void stdin.end(() => done()),
    destroy: (error, done) => {
      if (!over) killGroup(pid, 'SIGTERM');
      done(error);
    },
  });
  stdin.on('error', () => undefined);
  stdout.on('data', chunk => {
    if (!stream.push(chunk)) stdout.pause();
  });
  stdout.on('end', () => stream.push(null));
  child.once('error', () => stream.push(null));
  child.once('close', () => (over = true));
  stream.on('error', () => undefined);
  return stream;
}
