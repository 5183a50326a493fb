import { readFileSync } from 'node:fs';
import path from 'node:path';
import { waitFor } from '../../support/waitFor';
import { expectCount, expectEqual, expectText } from '../expect';
import type { Scenario } from '../runner';
import { ANNOTATED_LINES, UNANNOTATED } from '../samples';

/** Its servers do not exist: what is found there is the file's own fault. */
const ALONE = { 'mysqlHa.pollingInterval': 0 };

export const languageScenarios: readonly Scenario[] = [
  {
    name: 'an application file is an MHA configuration, my.cnf is not',
    workspace: 'language',
    settings: ALONE,
    run: async ({ workbench, shot }) => {
      await workbench.openFile('app3.cnf');
      await expectText(workbench.languageMode(), /MHA configuration/, 'the language of app3.cnf', 60_000);
      await workbench.codeLens('Check Replication').waitFor();
      await expectCount(workbench.squiggles('error'), 0, 'errors in a clean file');
      await expectCount(workbench.squiggles('warning'), 0, 'warnings in a clean file');
      await shot('clean file');
      await workbench.openFile('my.cnf');
      await expectText(workbench.languageMode(), /^(?!.*MHA)/, 'the language of my.cnf');
      await expectCount(workbench.codeLens('Check Replication'), 0, 'code lenses in my.cnf');
      await expectCount(workbench.squiggles('error'), 0, 'errors in my.cnf');
    },
  },
  {
    name: 'a typing error is underlined at once, and a quick fix mends it',
    workspace: 'language',
    settings: ALONE,
    run: async ({ workbench, shot }) => {
      await workbench.openFile('app3.cnf');
      await workbench.gotoLine(9, 1);
      await workbench.press('End');
      await workbench.press('Enter');
      await workbench.type('ping_intervall=3');
      await workbench.squiggles('error').first().waitFor();
      await shot('error');
      await workbench.gotoLine(10, 3);
      await workbench.quickFix(/ping_interval\b/);
      await expectCount(workbench.squiggles('error'), 0, 'errors after the fix');
      await shot('mended');
    },
  },
  {
    name: 'a tutorial file with explanations: a finding on each such line, one fix for the whole file',
    workspace: 'language',
    settings: ALONE,
    run: async ({ workbench, folder, shot }) => {
      await workbench.openFile('app2.cnf');
      await workbench.showProblems();
      await workbench
        .problem(/comment-in-value/)
        .first()
        .waitFor();
      await shot('findings');
      await workbench.hidePanel();
      await workbench.openFile('app2.cnf');
      await expectCount(workbench.squiggles('error'), ANNOTATED_LINES.length, 'underlined explanations');
      await workbench.gotoLine(7, 18);
      await workbench.quickFix(/Fix all \d+ problems of this kind/);
      await expectCount(workbench.squiggles('error'), 0, 'errors after the fix');
      await workbench.press('Control+S');
      const file = path.join(folder, 'app2.cnf');
      await waitFor('the file to be saved', () => !readFileSync(file, 'utf8').includes('ping_interval=1 '));
      // The explanations stay, as comments of their own; what counts is left as it was meant.
      const meant = readFileSync(file, 'utf8').replace(/^\s*#.*\n/gm, '');
      expectEqual(meant.replace(/[ \t]+$/gm, ''), UNANNOTATED, 'the mended file');
      await shot('mended');
    },
  },
  {
    name: 'completion knows the parameters and what they mean',
    workspace: 'language',
    settings: ALONE,
    run: async ({ workbench, shot }) => {
      await workbench.openFile('app3.cnf');
      await workbench.press('Control+End');
      await workbench.type('candi');
      const rows = await workbench.suggestions();
      await rows.filter({ hasText: 'candidate_master' }).first().waitFor();
      await shot('completion');
      await workbench.press('Enter');
      await expectText(
        workbench.page.locator('.view-line', { hasText: 'candidate_master' }).last(),
        /candidate_master\s*=/,
        'the line',
      );
    },
  },
  {
    name: 'a hover says what a parameter does and what it is here',
    workspace: 'language',
    settings: ALONE,
    run: async ({ workbench, shot }) => {
      await workbench.openFile('app3.cnf');
      await workbench.gotoLine(9, 4);
      const hover = await workbench.hover();
      await expectText(hover, /ping.?_interval/, 'the hover');
      await shot('hover');
      await workbench.press('Escape');
    },
  },
];
