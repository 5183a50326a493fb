import { msg } from '../../l10n/message';
import type { ScriptProblem } from '../initScript';
import { initScriptOf } from '../model';
import type { Model } from '../model';
import type { Add, Draft } from './draft';
import { shownName } from './draft';
import { nearestName } from './names';

/** What `init_conf_load_script` printed, or that it was not run. Values are never repeated: they may be passwords. */
export function checkScript(model: Model, add: Add): void {
  const { command, at } = initScriptOf(model);
  const { script } = model.input;
  if (!script) {
    if (command !== '')
      add({
        code: 'init-script-not-run',
        ...at,
        message: msg('The program was not run: what it would print is not known here.'),
      });
    return;
  }
  if (script.stdout.trim() === '')
    add({ code: 'init-script-failed', ...at, message: msg('init_conf_load_script printed nothing.') });
  for (const problem of model.scriptProblems) add({ code: 'init-script-output', ...at, ...explain(problem) });
}

function explain({ kind, line, name }: ScriptProblem): Pick<Draft, 'message' | 'rejectedByMha' | 'blocksAction'> {
  const rejected = { rejectedByMha: true, blocksAction: false };
  switch (kind) {
    case 'blank':
      return { message: msg('Line {line} of the output is empty: MHA ends with an error.', { line }), ...rejected };
    case 'name': {
      const nearest = nearestName(name.trim());
      const message =
        name === ''
          ? msg('Line {line} of the output is not "name=value": MHA ends with an error.', { line })
          : nearest === undefined
            ? msg('Line {line} of the output: MHA does not know the parameter "{name}".', {
                line,
                name: shownName(name),
              })
            : msg('Line {line} of the output: MHA does not know the parameter "{name}". Did you mean "{nearest}"?', {
                line,
                name: shownName(name),
                nearest,
              });
      return { message, ...rejected };
    }
    case 'equals':
      return {
        message: msg('Line {line} of the output: MHA drops what follows the second "=" in the value of {name}.', {
          line,
          name,
        }),
      };
    case 'spaces':
      return {
        message: msg('Line {line} of the output: MHA keeps the blanks around the value of {name}.', { line, name }),
      };
    case 'noValue':
      return { message: msg('Line {line} of the output: {name} has no value.', { line, name }) };
  }
}
