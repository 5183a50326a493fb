import { expectCount, expectThat } from '../expect';
import type { Locator, Page } from 'playwright-core';

function settles(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

function appears(locator: Locator, timeoutMs: number): Promise<boolean> {
  return settles(locator.waitFor({ timeout: timeoutMs }));
}

/** VS Code's window as a person sees it. Every wait is on something visible and bounded by the page's default timeout. */
export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens a workspace and waits for the workbench; extensions start in their own time. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.#loaded();
  }

  /** As a person does it: VS Code saves what is open, which closing a page gives it no time for. */
  async reload(): Promise<void> {
    await Promise.all([
      this.page.waitForEvent('framenavigated', { predicate: frame => frame === this.page.mainFrame() }),
      this.command('Developer: Reload Window'),
    ]);
    await this.#loaded();
  }

  async #loaded(): Promise<void> {
    await this.page.locator('.monaco-workbench .activitybar').waitFor({ timeout: 60_000 });
    await this.page.locator('.statusbar-item').first().waitFor();
  }

  /** The window may be busy with what was done before: a key that came too early is pressed again. */
  async #quickInput(text: string, keys: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget:visible input').first();
    for (let attempt = 0; ; attempt++) {
      await this.page.keyboard.press(keys);
      // Something that takes the focus meanwhile closes it again.
      const filled = appears(input, 5000).then(there => there && settles(input.fill(text, { timeout: 3000 })));
      if (await filled) return;
      expectThat(attempt < 5, `${keys} opens no input`);
    }
  }

  #pick(text: string | RegExp): Locator {
    return this.page.locator('.quick-input-widget:visible .monaco-list-row', { hasText: text }).first();
  }

  /** A row of the open list of choices. */
  async pick(text: string | RegExp): Promise<void> {
    await this.#pick(text).click();
  }

  /**
   * Runs a command by its title. The palette shows what there was when it was opened, so it is opened again until the
   * extension has come up.
   */
  async command(title: string, options: { timeoutMs?: number } = {}): Promise<void> {
    const until = Date.now() + (options.timeoutMs ?? 30_000);
    const row = this.page.locator(`.quick-input-widget:visible .monaco-list-row[aria-label^="${title}"]`).first();
    for (;;) {
      await this.#quickInput(`>${title}`, 'F1');
      if (await appears(row, 3000)) break;
      await this.page.keyboard.press('Escape');
      expectThat(Date.now() < until, `the palette has no command "${title}"`);
    }
    await row.click();
  }

  /** Titles that the palette offers for a text, read once the list has settled. */
  async commandsFor(text: string): Promise<string[]> {
    await this.#quickInput(`>${text}`, 'F1');
    const list = this.page.locator('.quick-input-widget:visible .monaco-list-row');
    await list.first().waitFor();
    const titles: string[] = [];
    for (const row of await list.all()) titles.push((await row.getAttribute('aria-label')) ?? '');
    await this.page.keyboard.press('Escape');
    return titles;
  }

  async openFile(name: string): Promise<void> {
    await this.#quickInput(name, 'Control+P');
    await this.#pick(name).click();
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
    await this.page.locator('.editor-group-container.active .view-line').first().waitFor();
  }

  /** One-based. Leaves the caret there. */
  async gotoLine(line: number, column = 1): Promise<void> {
    await this.#quickInput(`:${line}:${column}`, 'Control+G');
    await this.page.keyboard.press('Enter');
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: 15 });
  }

  press(keys: string): Promise<void> {
    return this.page.keyboard.press(keys);
  }

  /** Throws away what was typed, and closes everything. */
  async discardEditors(): Promise<void> {
    await this.page.keyboard.press('Escape');
    const tabs = this.page.locator('.tabs-container .tab');
    const dirty = this.page.locator('.tabs-container .tab.dirty');
    for (let left = await dirty.count(); left > 0; left--) {
      await dirty.first().click();
      await this.command('View: Revert and Close Editor');
      await expectCount(dirty, left - 1, 'changed files that are still open');
    }
    if ((await tabs.count()) > 0) {
      await this.command('View: Close All Editors');
      await expectCount(tabs, 0, 'open editors');
    }
  }

  statusItem(id: string): Locator {
    return this.page.locator(`.statusbar-item[id="${id}"]`);
  }

  languageMode(): Locator {
    return this.statusItem('status.editor.mode');
  }

  squiggles(severity: 'error' | 'warning' | 'info'): Locator {
    return this.page.locator(`.editor-group-container.active .squiggly-${severity}`);
  }

  /** A line of the list of problems of the whole workspace. */
  problem(text: string | RegExp): Locator {
    return this.page.locator('.markers-panel .monaco-list-row', { hasText: text });
  }

  async showProblems(): Promise<void> {
    await this.command('Problems: Focus on Problems View');
    await this.page.locator('.markers-panel').waitFor();
  }

  hidePanel(): Promise<void> {
    return this.command('View: Hide Panel');
  }

  /** Opens the list of quick fixes at the caret and takes one. */
  async quickFix(title: string | RegExp): Promise<void> {
    const row = this.page.locator('.action-widget .monaco-list-row.action', { hasText: title }).first();
    for (let attempt = 0; ; attempt++) {
      await this.page.keyboard.press('Control+.');
      if (await appears(row, 4000)) break;
      await this.page.keyboard.press('Escape');
      expectThat(attempt < 5, `there is no quick fix ${String(title)}`);
    }
    // The list takes no mouse until it has moved; the keyboard always works.
    for (let step = 0; !/\bfocused\b/.test((await row.getAttribute('class')) ?? ''); step++) {
      expectThat(step < 20, `the quick fix ${String(title)} cannot be reached`);
      await this.page.keyboard.press('ArrowDown');
    }
    await this.page.keyboard.press('Enter');
    await this.page.locator('.action-widget').waitFor({ state: 'hidden' });
  }

  /** Shows completions at the caret. */
  async suggestions(): Promise<Locator> {
    const rows = this.page.locator('.suggest-widget.visible .monaco-list-row');
    for (let attempt = 0; ; attempt++) {
      await this.page.keyboard.press('Control+Space');
      const there = await rows
        .first()
        .waitFor({ timeout: 4000 })
        .then(
          () => true,
          () => false,
        );
      if (there) return rows;
      await this.page.keyboard.press('Escape');
      expectThat(attempt < 5, 'no completions appear');
    }
  }

  /** The hover of the word at the caret. */
  async hover(): Promise<Locator> {
    await this.command('Show or Focus Hover');
    const hover = this.page.locator('.monaco-hover:not(.hidden) .monaco-hover-content').first();
    await hover.waitFor();
    return hover;
  }

  /** Opens the extension's view, whatever was open before. */
  async showClusters(): Promise<void> {
    const icon = this.page.locator('.activitybar .action-item', {
      has: this.page.locator('a.action-label[aria-label^="MySQL HA"]'),
    });
    await icon.waitFor({ timeout: 60_000 });
    // A click on an open container would close it.
    const open = /\bchecked\b/.test((await icon.getAttribute('class')) ?? '');
    if (!open) await icon.click();
    await this.page.locator('.sidebar .composite.title', { hasText: /MySQL HA/i }).waitFor();
  }

  /** Opens a folded row. */
  async expand(row: Locator): Promise<void> {
    await row.waitFor();
    if ((await row.getAttribute('aria-expanded')) === 'false') await row.locator('.monaco-tl-twistie').click();
  }

  treeRow(text: string | RegExp): Locator {
    return this.page.locator('.sidebar .monaco-list-row[role="treeitem"]', { hasText: text });
  }

  /** A button that appears on a row of the tree under the mouse. */
  async treeAction(row: Locator, title: string): Promise<void> {
    await row.hover();
    await row.getByRole('button', { name: title }).first().click();
  }

  /** An entry of a row's context menu. A menu ignores the mouse for its first 100 ms, so the click is repeated. */
  async contextMenu(row: Locator, title: string): Promise<void> {
    await row.click({ button: 'right' });
    const item = this.page.locator('.monaco-menu').getByRole('menuitem', { name: title, exact: true });
    await item.waitFor();
    for (let attempt = 0; attempt < 10; attempt++) {
      await item.click({ timeout: 2000 }).catch(() => undefined);
      if (await settles(item.waitFor({ state: 'detached', timeout: 300 }))) return;
    }
    throw new Error(`the menu entry "${title}" does not react`);
  }

  /** An icon in the editor's title bar. */
  editorAction(title: string): Locator {
    return this.page.locator('.editor-group-container.active .editor-actions').getByRole('button', { name: title });
  }

  codeLens(title: string): Locator {
    return this.page.locator('.editor-group-container.active .codelens-decoration a', { hasText: title });
  }

  toast(text: string | RegExp): Locator {
    return this.page.locator('.notification-toast', { hasText: text });
  }

  /**
   * Presses a button of a notification, which then goes away. Others that come and go move it, under the mouse even, so a
   * click may miss and is repeated.
   */
  async toastButton(text: string | RegExp, button: string): Promise<void> {
    const toast = this.toast(text).first();
    await toast.waitFor();
    for (let attempt = 0; attempt < 10; attempt++) {
      await settles(toast.getByRole('button', { name: button }).click({ timeout: 2000 }));
      if (await settles(toast.waitFor({ state: 'detached', timeout: 1000 }))) return;
    }
    throw new Error(`the button "${button}" of the notification does not react`);
  }

  /** Runs a command that asks a modal question, again if the palette lost it. */
  async question(command: string, text: string | RegExp): Promise<void> {
    const dialog = this.page.locator('.monaco-dialog-box', { hasText: text });
    for (let attempt = 0; ; attempt++) {
      await this.command(command);
      if (await appears(dialog, 10_000)) return;
      expectThat(attempt < 2, `"${command}" asks nothing`);
    }
  }

  /** Presses a button of the modal question that is shown. */
  async answer(button: string): Promise<void> {
    const dialog = this.page.locator('.monaco-dialog-box');
    await dialog.getByRole('button', { name: button, exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
  }

  async clearToasts(): Promise<void> {
    if ((await this.page.locator('.notification-toast').count()) === 0) return;
    await this.command('Notifications: Clear All Notifications');
    await this.page.locator('.notification-toast').first().waitFor({ state: 'detached' });
  }

  inputBox(): Locator {
    return this.page.locator('.quick-input-widget:visible input').first();
  }
}
