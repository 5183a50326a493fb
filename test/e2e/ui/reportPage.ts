import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { waitFor } from '../../support/waitFor';
import { expectThat } from '../expect';
import type { Workbench } from './workbench';

const axe = readFileSync(path.resolve('node_modules/axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** The page inside a panel: a report, or an operation. */
export class ReportPage {
  readonly frame: Frame;

  private constructor(frame: Frame) {
    this.frame = frame;
  }

  /** The visible panel whose title contains the text, once its page has drawn it. */
  static async shown(workbench: Workbench, title: string): Promise<ReportPage> {
    const frame = await waitFor(
      `the report "${title}"`,
      async () => {
        for (const frame of workbench.page.frames()) {
          const heading = frame.locator('#report h1, #operation h1').filter({ hasText: title });
          if ((await heading.count()) > 0 && (await heading.isVisible())) return frame;
        }
        return undefined;
      },
      { timeoutMs: 30_000, everyMs: 100 },
    );
    return new ReportPage(frame);
  }

  get headline(): Locator {
    return this.frame.locator('.verdict .headline');
  }

  section(title: string): Locator {
    return this.frame.locator('section', { has: this.frame.locator('h2', { hasText: title }) });
  }

  button(name: string): Locator {
    return this.frame.locator('vscode-button', { hasText: name });
  }

  /** What accessibility rules find, as sentences; also what they could not decide. */
  async accessibilityProblems(): Promise<string[]> {
    // A webview's page is transparent; without the colour behind it axe would assume white.
    await this.frame.evaluate(`document.body.style.backgroundColor = 'var(--vscode-editor-background)'`);
    await this.frame.evaluate(axe);
    const results = await this.frame.evaluate<Record<'violations' | 'incomplete', AxeResult[]>>(
      `axe.run(document, { resultTypes: ['violations', 'incomplete'] })`,
    );
    expectThat(Array.isArray(results.violations), 'axe has no result');
    return [...results.violations, ...results.incomplete].map(
      result => `${result.id}: ${result.help}: ${result.nodes.map(node => node.html.slice(0, 200)).join(' | ')}`,
    );
  }
}
