import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textsFor } from '../../../nodes/pkb-operator/texts.js';

describe('the words of the operators’ page', () => {
  let locales: string;

  before(() => {
    locales = mkdtempSync(join(tmpdir(), 'pkb-locales-'));
    for (const language of ['cy', 'de', 'en-US']) {
      mkdirSync(join(locales, language));
      if (language === 'de') continue;
      const words = JSON.stringify({ 'pkb-operator': { title: `in ${language}` } });
      writeFileSync(join(locales, language, 'plugin.json'), words);
    }
  });
  after(() => rmSync(locales, { recursive: true }));

  it('are in a language that the browser asks for', () =>
    assert.deepEqual(
      textsFor(locales, () => 'cy'),
      { title: 'in cy' },
    ));

  it('are in English where it asks for none that there is', () =>
    assert.deepEqual(
      textsFor(locales, () => false),
      { title: 'in en-US' },
    ));

  it('are looked for in folders with a plugin.json only, and in English first, for a browser that takes any', () => {
    let offered: readonly string[] = [];
    const texts = textsFor(locales, (languages) => {
      offered = languages;
      return languages[0];
    });
    assert.deepEqual(offered, ['en-US', 'cy']);
    assert.deepEqual(texts, { title: 'in en-US' });
  });
});
