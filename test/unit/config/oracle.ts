import type { Parsed } from './perl';

/**
 * MHA 0.58's rules about configuration files once more, written from the reference without a look at src/config: what
 * Config::Tiny read goes in, verdict and texts come out. Names are not looked up: generated hosts are addresses or have
 * an `ip`.
 */

const LOCAL = 'hostname ip ssh_host ssh_ip node_label candidate_master no_master ignore_fail skip_init_ssh_check'.split(
  ' ',
);

/** Falls back to the default when the parent's value is Perl-false. */
const BY_TRUTH: Record<string, string> = {
  port: '3306',
  ssh_port: '22',
  ssh_connection_timeout: '5',
  user: 'root',
  log_level: 'info',
  master_binlog_dir: '/var/lib/mysql,/var/log/mysql',
  manager_workdir: '/var/tmp',
  remote_workdir: '/var/tmp',
  ssh_user: 'LOGIN',
};

/** Falls back to the default only when nothing is set. */
const BY_PRESENCE: Record<string, string | undefined> = {
  password: undefined,
  repl_user: undefined,
  repl_password: undefined,
  master_pid_file: undefined,
  manager_log: undefined,
  check_repl_delay: '1',
  check_repl_filter: '1',
  latest_priority: '1',
  multi_tier_slave: '0',
  disable_log_bin: '0',
  handle_raw_binlog: '1',
  skip_reset_slave: '0',
  use_gtid_auto_pos: '1',
  ping_interval: '3',
  ping_type: 'SELECT',
  secondary_check_script: undefined,
  master_ip_failover_script: undefined,
  master_ip_online_change_script: undefined,
  shutdown_script: undefined,
  report_script: undefined,
  init_conf_load_script: undefined,
  client_bindir: undefined,
  client_libdir: undefined,
};

const NAMES = new Set([...LOCAL, ...Object.keys(BY_TRUTH), ...Object.keys(BY_PRESENCE), 'ssh_options']);

type Texts = Record<string, string | undefined>;

export interface Verdict {
  readonly rejected: boolean;
  /** In order of election. */
  readonly servers: readonly { readonly id: string; readonly texts: Texts }[];
}

function truth(text: string | undefined): text is string {
  return text !== undefined && text !== '' && text !== '0';
}

function unquote(text: string): string {
  if (!/["']$/.test(text)) return text;
  return text.length > 1 && /^["']/.test(text) ? text.slice(1, -1) : text.slice(0, -1);
}

/** One level; `ok` is false where MHA stops. */
function level(own: Readonly<Record<string, string>>, parent: Texts): { ok: boolean; texts: Texts } {
  const texts: Texts = {};
  let ok = Object.keys(own).every(name => NAMES.has(name));
  for (const name of NAMES) {
    let text: string | undefined;
    if (Object.hasOwn(own, name)) text = own[name];
    else if (name in BY_TRUTH) text = truth(parent[name]) ? parent[name] : BY_TRUTH[name];
    else if (name in BY_PRESENCE) text = parent[name] ?? BY_PRESENCE[name];
    texts[name] = text;
  }
  for (const name of ['ping_interval', 'ssh_connection_timeout'])
    if (!/^0*[1-9][0-9]*$/.test(texts[name] ?? '')) ok = false;
  if (!/^(connect|select|insert)$/i.test(texts['ping_type'] ?? '')) ok = false;
  if (texts['hostname'] === '' || texts['ssh_host'] === '') ok = false;
  for (const name of NAMES) {
    let text = texts[name];
    if (!truth(text)) continue;
    if (name === 'ssh_options') text = text.replace(/["']/g, '');
    texts[name] = unquote(text);
  }
  return { ok, texts };
}

export function judge(application: Parsed, global: Parsed | 'none'): Verdict {
  const rejected: Verdict = { rejected: true, servers: [] };
  if (!application || !global) return rejected;
  let ok = true;
  let options: string | undefined;
  const evaluate = (own: Readonly<Record<string, string>>, parent: Texts): Texts => {
    const result = level(own, parent);
    ok &&= result.ok;
    if (truth(result.texts['ssh_options'])) options = result.texts['ssh_options'];
    return result.texts;
  };
  const g = global === 'none' ? {} : evaluate(global['server default'] ?? {}, {});
  const a = evaluate(application['server default'] ?? {}, g);
  const names = Object.keys(application).sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
  let servers: { id: string; texts: Texts }[] = [];
  for (const id of names) {
    if (id === 'server default') continue;
    if (!/^(server|binlog)\S+/.test(id)) return rejected;
    const texts = evaluate(application[id] ?? {}, a);
    if (id.startsWith('server')) servers.push({ id, texts });
  }
  if (servers.length === 0 || servers.some(s => !truth(s.texts['hostname']))) return rejected;
  const addresses = servers.map(s => `${s.texts['ip'] || s.texts['hostname']}:${s.texts['port']}`);
  if (new Set(addresses).size < addresses.length) return rejected;
  if (servers.every(s => /^server\D*\d+/.test(s.id))) {
    const number = (id: string): number => Number(/\d+/.exec(id)?.[0]);
    servers = servers.sort((x, y) => number(x.id) - number(y.id));
  }
  for (const server of servers) server.texts['ssh_options'] = options;
  return { rejected: !ok, servers };
}
