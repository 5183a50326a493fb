/** MHA's name of an application: the file's base name without its last extension (`app1.prod.cnf`: `app1.prod`). */
export function applicationName(file: string): string {
  const base = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  const dot = base.lastIndexOf('.');
  const name = dot === -1 ? base : base.slice(0, dot);
  return name === '' ? file : name;
}
