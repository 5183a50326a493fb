/** The heading of a Markdown page under which a code is explained: one of its own, else the one above its first mention. */
export function anchorOf(markdown: string, code: string): string | undefined {
  let heading: string | undefined;
  let above: string | undefined;
  for (const line of markdown.split(/\r?\n/)) {
    heading = /^#{1,6}\s+(.+?)\s*$/.exec(line)?.[1] ?? heading;
    if (heading?.replaceAll('`', '') === code) return slug(heading);
    if (above === undefined && line.includes(`\`${code}\``)) above = heading;
  }
  return above === undefined ? undefined : slug(above);
}

/** As GitHub and VS Code's preview name a heading. */
function slug(heading: string): string {
  const name = heading.trim().toLowerCase().replace(/\s+/g, '-');
  return encodeURI(name.replace(/[^\p{L}\p{N}_-]/gu, ''));
}
