import type { Range } from '../../config/types';
import type { Health } from '../clusters/health';
import type { Text } from '../text';

/** A line of the tree as data; the view turns it into a TreeItem. */
export interface TreeNode {
  /** Unique in the tree and stable from one look to the next, so that the view keeps what is selected and expanded. */
  readonly id: string;
  readonly kind: 'cluster' | 'server' | 'finding' | 'check' | 'monitoring' | 'operation';
  /** Id of the cluster. */
  readonly cluster: string;
  /** Id of the server, as in the snapshot. */
  readonly server?: string;
  readonly label: Text;
  /** Shown behind the label, joined by dots. */
  readonly description: readonly Text[];
  /** Lines. */
  readonly tooltip: readonly Text[];
  /** What a screen reader says. */
  readonly spoken: readonly Text[];
  /** A codicon. */
  readonly icon: string;
  readonly health: Health | 'none';
  /** Words that menus look for, joined by blanks. */
  readonly context: string;
  /** The line of a configuration that it is about. */
  readonly target?: { readonly file: string; readonly range: Range };
  readonly children: readonly TreeNode[];
}
