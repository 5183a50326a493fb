import { describe, expect, it } from 'vitest';
import { judgeAnswers, type SecondaryAnswer } from '../../../src/engine/monitor/secondaryCheck';

describe('the verdict of several hosts', () => {
  it.each<[string, string]>([
    ['', 'unknown'],
    ['notReachable', 'dead'],
    ['notWritable', 'dead'],
    ['reachable', 'reachable'],
    ['unreachable', 'unknown'],
    ['undecided', 'unknown'],
    ['notReachable unreachable', 'dead'],
    ['notReachable undecided', 'dead'],
    ['notReachable notWritable', 'dead'],
    ['notReachable unreachable undecided', 'unknown'],
    ['notReachable notReachable unreachable', 'dead'],
    ['notReachable notReachable notReachable reachable', 'reachable'],
    ['unreachable reachable', 'reachable'],
  ])('%s: %s', (states, verdict) => {
    const answers = states.split(' ').filter(Boolean) as SecondaryAnswer['state'][];
    expect(judgeAnswers(answers.map(state => ({ state })))).toBe(verdict);
  });
});
